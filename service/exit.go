package service

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// The package's own exit codes. An exit code is what a service that failed leaves behind: the exit status of the process, and on Windows the
// service-specific exit code beside ERROR_SERVICE_SPECIFIC_ERROR (1066). 1 to 255, for POSIX keeps no more. Those from 80 on lie between those
// of sysexits.h (64–78) and of shells (126 and above). systemd's begin at 200.
//
// systemd restarts a service that failed where the unit says Restart=on-failure or always, as install writes it.
//
// Windows runs a service's failure actions when its process ends without having reported STOPPED; for a STOPPED with
// an error code it does so only where the failure-actions flag is set (SERVICE_FAILURE_ACTIONS_FLAG), which
// install sets. A service with failure actions but without the flag, installed by something else,
// isn't reported as STOPPED when it failed: its process just ends, so that the actions run all the same, and
// the code is in the process's exit status alone. A failure during a stop that was asked for runs no action: what somebody stopped
// stays stopped. It is reported as STOPPED with NO_ERROR; the service-specific code beside it is that of the failure. So is a failure
// that another start doesn't cure: an error of Run's that has a method StaysDown() bool which gives true, or that wraps one. For
// systemd its exit code must be in the unit's RestartPreventExitStatus=.
// Source: learn.microsoft.com, SERVICE_FAILURE_ACTIONS_FLAG.
const (
	// ExitOK: a clean stop.
	ExitOK = 0
	// ExitFailed: Run returned an error without a code of its own, or a verb failed.
	ExitFailed = 1
	// ExitUsage: the command line or the Service itself is wrong.
	ExitUsage = 2
	// ExitNotRunning: the verb status found the service not running.
	ExitNotRunning = 3
	// ExitPanicked: Run or a handler panicked.
	ExitPanicked = 80
	// ExitStartTimeout: Run hadn't called Host.Ready at Service.StartTimeout.
	ExitStartTimeout = 81
	// ExitStopTimeout: Run hadn't returned at Service.StopTimeout.
	ExitStopTimeout = 82
	// ExitWatchdog: no heartbeat within Service.Watchdog.
	ExitWatchdog = 83
	// ExitManager: the system's service manager couldn't be reached, or refused what it was asked for.
	ExitManager = 84
	// ExitInterrupted: the second Ctrl+C; 128+SIGINT, as shells have it.
	ExitInterrupted = 130
)

// exitText gives an exit code's meaning in words.
func exitText(code int) string {
	switch code {
	case ExitOK:
		return "stopped cleanly"
	case ExitFailed:
		return "failed"
	case ExitUsage:
		return "wrong command line or service description"
	case ExitNotRunning:
		return "not running"
	case ExitPanicked:
		return "panicked"
	case ExitStartTimeout:
		return "didn't become ready in time"
	case ExitStopTimeout:
		return "didn't stop in time"
	case ExitWatchdog:
		return "gave no sign of life in time"
	case ExitManager:
		return "couldn't speak with the service manager"
	case ExitInterrupted:
		return "interrupted twice"
	default:
		return fmt.Sprintf("exit code %d", code)
	}
}

// because gives an exit code's meaning and the reason, in one line.
func because(code int, why string) string {
	if why == "" {
		return exitText(code)
	}
	return exitText(code) + ": " + singleLine(why)
}

// ExitCode gives the exit code that err stands for: ExitOK for nil; the result of the method ExitCode() int of err or of an error that
// it wraps, where that is 1 to 255; else ExitFailed. *exec.ExitError has that method, so a failed child's code
// becomes the service's.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		if code := coded.ExitCode(); code > 0 && code <= 255 {
			return code
		}
	}
	return ExitFailed
}

// isFinal reports that err is a failure after which the service manager isn't to start the service again.
func isFinal(err error) bool {
	var final interface{ StaysDown() bool }
	return errors.As(err, &final) && final.StaysDown()
}

// WithExitCode gives err an exit code, 1 to 255; nil stays nil. Any other code becomes ExitFailed.
func WithExitCode(err error, code int) error {
	if err == nil {
		return nil
	}
	return &codedError{err, code}
}

type codedError struct {
	error
	code int
}

func (e *codedError) Unwrap() error { return e.error }

// ExitCode is the code that was given.
func (e *codedError) ExitCode() int { return e.code }

// notStartedError is why Run wasn't called at all. Nothing has logged it.
type notStartedError struct {
	error
	code int
}

func (e *notStartedError) Unwrap() error { return e.error }

// ExitCode is the code of the reason.
func (e *notStartedError) ExitCode() int { return e.code }

// PanicError is the failure of a service that panicked.
type PanicError struct {
	In    string // "Run", "OnReload", …
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked
}

// Error gives the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("%s panicked: %v", e.In, e.Value) }

// Unwrap gives the value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ExitCode is ExitPanicked, even where the value given to panic has a code of its own.
func (e *PanicError) ExitCode() int { return ExitPanicked }

// serverClosed is the text of http.ErrServerClosed. Package net/http would add a third to the size of a small service.
const serverClosed = "http: Server closed"

// onlyStop reports whether err only repeats that the service was asked to stop. `return ctx.Err()` is the way many functions end, and
// no failure. Nor is what a server returns once it was shut down, as with `return srv.ListenAndServe()`. An error joined to it is one.
func onlyStop(err error) bool {
	if err == nil || err == context.Canceled || err.Error() == serverClosed {
		return true
	}
	switch e := err.(type) {
	case Reason:
		return true
	case *net.OpError:
		return e.Op == "accept" && errors.Is(e.Err, net.ErrClosed) // a listener that was closed
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			if !onlyStop(each) {
				return false
			}
		}
		return true
	case interface{ ExitCode() int }:
		return false // it brings a code because it means a failure
	case interface{ Unwrap() error }:
		return e.Unwrap() != nil && onlyStop(e.Unwrap())
	}
	return false
}
