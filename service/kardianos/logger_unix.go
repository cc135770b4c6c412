//go:build unix

package service

import (
	"fmt"
	"log/syslog"
)

// sysLogger writes to syslog. The writer is embedded as in the original: programs assert for its methods (Notice, Close).
type sysLogger struct {
	*syslog.Writer
	errs chan<- error
}

func openSystemLogger(name string, errs chan<- error) (Logger, error) {
	w, err := syslog.New(syslog.LOG_INFO, name)
	if err != nil {
		return nil, fmt.Errorf("opening syslog for %s: %w (is a syslog or journal daemon running?)", name, err)
	}
	return sysLogger{w, errs}, nil
}

func (s sysLogger) send(err error) error {
	if err != nil && s.errs != nil {
		s.errs <- err
	}
	return err
}

func (s sysLogger) Error(v ...any) error   { return s.send(s.Err(fmt.Sprint(v...))) }
func (s sysLogger) Warning(v ...any) error { return s.send(s.Writer.Warning(fmt.Sprint(v...))) }
func (s sysLogger) Info(v ...any) error    { return s.send(s.Writer.Info(fmt.Sprint(v...))) }

func (s sysLogger) Errorf(format string, a ...any) error {
	return s.send(s.Err(fmt.Sprintf(format, a...)))
}

func (s sysLogger) Warningf(format string, a ...any) error {
	return s.send(s.Writer.Warning(fmt.Sprintf(format, a...)))
}

func (s sysLogger) Infof(format string, a ...any) error {
	return s.send(s.Writer.Info(fmt.Sprintf(format, a...)))
}
