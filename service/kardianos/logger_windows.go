package service

import (
	"fmt"

	"golang.org/x/sys/windows/svc/eventlog"
)

// WindowsLogger writes to the Event Log of Windows, under the service's name as source: event 1 for information, 2 for
// warnings, 3 for errors, or the number given to the functions that begin with N (1 to 1000, the ids that the message
// file of the source knows).
type WindowsLogger struct {
	ev   *eventlog.Log
	errs chan<- error
}

// The ids that kardianos gives to events without one: filters that people wrote go on matching.
const (
	eventInfo    = 1
	eventWarning = 2
	eventError   = 3
)

func openSystemLogger(name string, errs chan<- error) (Logger, error) {
	ev, err := eventlog.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening the event log of %s: %w", name, err)
	}
	return WindowsLogger{ev, errs}, nil
}

func (l WindowsLogger) send(err error) error {
	if err != nil && l.errs != nil {
		l.errs <- err
	}
	return err
}

// Error logs an error.
func (l WindowsLogger) Error(v ...any) error { return l.NError(eventError, v...) }

// Warning logs a warning.
func (l WindowsLogger) Warning(v ...any) error { return l.NWarning(eventWarning, v...) }

// Info logs an information.
func (l WindowsLogger) Info(v ...any) error { return l.NInfo(eventInfo, v...) }

// Errorf logs an error.
func (l WindowsLogger) Errorf(format string, a ...any) error {
	return l.NErrorf(eventError, format, a...)
}

// Warningf logs a warning.
func (l WindowsLogger) Warningf(format string, a ...any) error {
	return l.NWarningf(eventWarning, format, a...)
}

// Infof logs an information.
func (l WindowsLogger) Infof(format string, a ...any) error {
	return l.NInfof(eventInfo, format, a...)
}

// NError logs an error under an event id.
func (l WindowsLogger) NError(eventID uint32, v ...any) error {
	return l.send(l.ev.Error(eventID, fmt.Sprint(v...)))
}

// NWarning logs a warning under an event id.
func (l WindowsLogger) NWarning(eventID uint32, v ...any) error {
	return l.send(l.ev.Warning(eventID, fmt.Sprint(v...)))
}

// NInfo logs an information under an event id.
func (l WindowsLogger) NInfo(eventID uint32, v ...any) error {
	return l.send(l.ev.Info(eventID, fmt.Sprint(v...)))
}

// NErrorf logs an error under an event id.
func (l WindowsLogger) NErrorf(eventID uint32, format string, a ...any) error {
	return l.send(l.ev.Error(eventID, fmt.Sprintf(format, a...)))
}

// NWarningf logs a warning under an event id.
func (l WindowsLogger) NWarningf(eventID uint32, format string, a ...any) error {
	return l.send(l.ev.Warning(eventID, fmt.Sprintf(format, a...)))
}

// NInfof logs an information under an event id.
func (l WindowsLogger) NInfof(eventID uint32, format string, a ...any) error {
	return l.send(l.ev.Info(eventID, fmt.Sprintf(format, a...)))
}
