package service

import "fmt"

// StopReason is why a service stops. It is the cause of the cancellation of Run's context, and an error for that:
//
//	<-ctx.Done()
//	if errors.Is(context.Cause(ctx), service.Shutdown) { … } // the machine goes down: seconds, not minutes
type StopReason uint8

// The reasons to stop. A stop and a shutdown are one reason where the system sends the same for both.
const (
	// StopRequested: somebody stops the service (the Service Control Manager's STOP).
	StopRequested StopReason = iota + 1
	// Shutdown: Windows goes down (SHUTDOWN, or CTRL_SHUTDOWN_EVENT in a console). All services together have what
	// WaitToKillServiceTimeout grants, 5 s by default, 20 s in older versions; StopTimeout is cut down to it.
	Shutdown
	// PreShutdown: Windows is about to go down and waits for this service first, for the time that install asked for
	// (Service.StopTimeout). A service gets PreShutdown rather than Shutdown wherever Windows has both.
	PreShutdown
	// Interrupt: Ctrl+C or Ctrl+Break, SIGINT. A second one ends the process at once with ExitInterrupted.
	Interrupt
	// Terminate: SIGTERM. From systemd, docker stop, Kubernetes, kill, daruma: they send the same, be it a stop or a shutdown.
	Terminate
	// ConsoleClose: the console's window or the terminal was closed (CTRL_CLOSE_EVENT, SIGHUP where there is no
	// OnReload). Windows ends the process after 5 s.
	ConsoleClose
	// Logoff: the person who started the program logs off (CTRL_LOGOFF_EVENT; never a service's). Windows ends the process after 5 s.
	Logoff
	// Finished: Run ended by itself: it called Host.Stopping, or returned.
	Finished
	// HandlerPanicked: OnReload or another of the service's handlers panicked; see the log.
	HandlerPanicked
)

// reasons are their texts.
var reasons = [...]string{
	StopRequested:   "stop requested",
	Shutdown:        "the system is shutting down",
	PreShutdown:     "the system is about to shut down",
	Interrupt:       "interrupted (Ctrl+C)",
	Terminate:       "asked to terminate (SIGTERM)",
	ConsoleClose:    "the console was closed",
	Logoff:          "the user logs off",
	Finished:        "the service finished by itself",
	HandlerPanicked: "a handler panicked",
}

// String gives the reason in words.
func (r StopReason) String() string {
	if int(r) < len(reasons) && reasons[r] != "" {
		return reasons[r]
	}
	return fmt.Sprintf("stop reason %d", uint8(r))
}

// MarshalText gives the reason in words, so that they stand in JSON, a log's too.
func (r StopReason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Error gives the reason in words.
func (r StopReason) Error() string { return r.String() }
