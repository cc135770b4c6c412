package service

import (
	"context"
	"errors"
	"fmt"
)

// Reason is why a service stops. It is the cause of the cancellation of Run's context, and an error for that:
//
//	<-ctx.Done()
//	if errors.Is(context.Cause(ctx), service.ReasonShutdown) { … } // the machine goes down: seconds, not minutes
type Reason uint8

// The reasons to stop. A stop and a shutdown are one reason where the system sends the same for both.
const (
	// ReasonStop: somebody stops the service: the Service Control Manager's STOP, or the end of the context that Run was given.
	ReasonStop Reason = iota + 1
	// ReasonShutdown: Windows goes down (SHUTDOWN, or CTRL_SHUTDOWN_EVENT in a console). All services together have what
	// WaitToKillServiceTimeout grants, 5 s by default, 20 s in older versions; StopTimeout is cut down to it.
	ReasonShutdown
	// ReasonPreShutdown: Windows is about to go down and waits for this service first, for the time that install asked for
	// (Service.StopTimeout). A service gets ReasonPreShutdown rather than ReasonShutdown wherever Windows has both.
	ReasonPreShutdown
	// ReasonInterrupt: Ctrl+C or Ctrl+Break, SIGINT. A second one ends the process at once with ExitInterrupted.
	ReasonInterrupt
	// ReasonTerminate: SIGTERM. From systemd, docker stop, Kubernetes, kill, daruma: they send the same, be it a stop or a shutdown.
	ReasonTerminate
	// ReasonConsoleClose: the console's window or the terminal was closed (CTRL_CLOSE_EVENT, SIGHUP where there is no
	// OnReload). Windows ends the process after 5 s.
	ReasonConsoleClose
	// ReasonLogoff: the person who started the program logs off (CTRL_LOGOFF_EVENT; never a service's). Windows ends the process after 5 s.
	ReasonLogoff
	// ReasonFinished: Run ended by itself: it called Host.Stopping, or returned.
	ReasonFinished
	// ReasonPanic: OnReload or another of the service's handlers panicked; see the log.
	ReasonPanic
)

// reasons are their texts.
var reasons = [...]string{
	ReasonStop:         "stop requested",
	ReasonShutdown:     "the system is shutting down",
	ReasonPreShutdown:  "the system is about to shut down",
	ReasonInterrupt:    "interrupted (Ctrl+C)",
	ReasonTerminate:    "asked to terminate (SIGTERM)",
	ReasonConsoleClose: "the console was closed",
	ReasonLogoff:       "the user logs off",
	ReasonFinished:     "the service finished by itself",
	ReasonPanic:        "a handler panicked",
}

// String gives the reason in words.
func (r Reason) String() string {
	if int(r) < len(reasons) && reasons[r] != "" {
		return reasons[r]
	}
	return fmt.Sprintf("stop reason %d", uint8(r))
}

// MarshalText gives the reason in words, so that they stand in JSON, a log's too.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Error gives the reason in words.
func (r Reason) Error() string { return r.String() }

// reasonOf is why a context of the caller's has ended.
func reasonOf(ctx context.Context) Reason {
	var reason Reason
	if errors.As(context.Cause(ctx), &reason) && reason != 0 {
		return reason
	}
	return ReasonStop
}
