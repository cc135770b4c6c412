package service

import (
	"log"
	"os"
)

// Logger writes to a log. The functions return the error of writing.
type Logger interface {
	Error(v ...any) error
	Warning(v ...any) error
	Info(v ...any) error

	Errorf(format string, a ...any) error
	Warningf(format string, a ...any) error
	Infof(format string, a ...any) error
}

// ConsoleLogger writes to stderr: a letter for the level (I, W, E), the time of day, the message.
var ConsoleLogger = newConsoleLogger()

type consoleLogger struct {
	info, warn, err *log.Logger
}

func newConsoleLogger() consoleLogger {
	return consoleLogger{
		info: log.New(os.Stderr, "I: ", log.Ltime),
		warn: log.New(os.Stderr, "W: ", log.Ltime),
		err:  log.New(os.Stderr, "E: ", log.Ltime),
	}
}

func (c consoleLogger) Error(v ...any) error {
	c.err.Print(v...)
	return nil
}

func (c consoleLogger) Warning(v ...any) error {
	c.warn.Print(v...)
	return nil
}

func (c consoleLogger) Info(v ...any) error {
	c.info.Print(v...)
	return nil
}

func (c consoleLogger) Errorf(format string, a ...any) error {
	c.err.Printf(format, a...)
	return nil
}

func (c consoleLogger) Warningf(format string, a ...any) error {
	c.warn.Printf(format, a...)
	return nil
}

func (c consoleLogger) Infof(format string, a ...any) error {
	c.info.Printf(format, a...)
	return nil
}
