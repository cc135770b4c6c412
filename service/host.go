package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/service/internal/asynclog"
	"github.com/daruma-sh/daruma/service/internal/inherited"
	"github.com/daruma-sh/daruma/service/internal/stopcontext"
)

// Host connects a service to whatever runs it. Its methods may be called from any goroutine, never wait, and do nothing once the
// service has stopped.
//
// The zero Host is connected to nothing: it reports to nobody, logs to slog.Default and runs no checks. It is for unit tests of functions
// that take a Host; package servicetest runs a whole service in a test.
type Host struct {
	health *Health
	log    *slog.Logger

	service     Service
	environment Environment
	arguments   []string
	beatPeriod  time.Duration // how long systemd or daruma waits for a beat; 0: nobody does
	post        func(message) // nil in the zero Host
	stop        *stopcontext.Context

	async *asynclog.Logger // writes to log

	life       context.Context // ends when Run has returned
	attendants sync.WaitGroup  // goroutines that end with life

	sockets inherited.Sockets
}

// tell posts a message to the runner, if there is one.
func (h *Host) tell(m message) {
	if h.post != nil {
		h.post(m)
	}
}

// Ready reports that the service does its work: RUNNING for the Service Control Manager, READY=1 for systemd and daruma.
// Only the first call counts. Until then dependents and, at boot, Windows' queue of services wait; after
// Service.StartTimeout without it the process is ended.
func (h *Host) Ready() { h.tell(readyMessage{}) }

// SetStatus reports in a few words what the service is doing: STATUS= for systemd (systemctl status) and daruma; the Service
// Control Manager keeps no such text, and a terminal shows none. Line breaks become spaces; what is beyond 1,000 bytes is cut off.
// Of texts that come faster than they can be sent, the last one is sent.
func (h *Host) SetStatus(text string) { h.tell(statusMessage(shortLine(text))) }

// Stopping reports that the service ends by itself: from now on it is stopping, with Service.StopTimeout to return, and
// Run's context is cancelled with ReasonFinished. A service that was asked to stop needn't call it.
func (h *Host) Stopping() { h.tell(stopMessage(ReasonFinished)) }

// ExtendTimeout asks for d from now for the start or the stop that is under way, where that is later than the deadline it has.
// Outside of a start and a stop it does nothing.
//
// systemd gets EXTEND_TIMEOUT_USEC (sd_notify(3); since v236) and waits beyond TimeoutStartSec and TimeoutStopSec. It forgets that at each
// daemon-reload, so it is reminded every 2 s. But a service that is beyond those times at the moment of a daemon-reload is ended at once: so
// set StartTimeout and StopTimeout to what is usual. The Service Control Manager waits as long as the checkpoint advances, which happens by
// itself; only a machine that shuts down doesn't wait longer.
func (h *Host) ExtendTimeout(d time.Duration) { h.tell(extendMessage(d)) }

// StopContext ends a little before the deadline of the stop, a tenth of Service.StopTimeout, or of the time there is
// if that is less, but at most 2 s, so that Run has time to return. Pass it to what shall be finished during the stop: Run's own context has
// ended by then.
//
//	<-ctx.Done()
//	return srv.Shutdown(host.StopContext())
//
// Before a stop has begun it has no deadline. When it ends at its deadline, its error is context.DeadlineExceeded. A Run that returns that
// error has failed: something wasn't finished.
func (h *Host) StopContext() context.Context {
	if h.stop == nil {
		return context.Background()
	}
	return h.stop
}

// Log is the logger that writes where the surroundings keep logs; it is Service.Logger where that is set.
func (h *Host) Log() *slog.Logger {
	if h.log == nil {
		return slog.Default()
	}
	return h.log
}

// Health takes checks of the service and serves their results.
func (h *Host) Health() *Health {
	if h.health == nil {
		return &Health{host: h, closed: true}
	}
	return h.health
}

// Environment is what runs the service.
func (h *Host) Environment() Environment { return h.environment }

// Arguments are those of the command line after the verb or role: Install.Arguments in an installed service, followed
// by what was given to start (Windows: sc start NAME a b).
func (h *Host) Arguments() []string { return h.arguments }

// attend runs f in a goroutine. When the service has ended, f's context ends, and the runner waits until f has returned.
func (h *Host) attend(f func(context.Context)) {
	h.attendants.Go(func() { f(h.life) })
}

// send sends messages of sd_notify ("KEY=VALUE", each in one line) to systemd or daruma, in order.
func (h *Host) send(lines ...string) { h.tell(sendMessage(lines)) }

// Environment is what runs a service.
type Environment uint8

// The environments that a service can tell apart.
const (
	EnvTerminal  Environment = iota // a person's terminal, or anything that isn't one of the others
	EnvSCM                          // Windows' Service Control Manager
	EnvSystemd                      // a unit of Type=notify or notify-reload (NOTIFY_SOCKET)
	EnvDaruma                       // a program of daruma's with the notify channel (DARUMA_NOTIFY)
	EnvContainer                    // the main process of a container, or a process in one
)

// String gives the name in one word.
func (e Environment) String() string {
	switch e {
	case EnvTerminal:
		return "terminal"
	case EnvSCM:
		return "scm"
	case EnvSystemd:
		return "systemd"
	case EnvDaruma:
		return "daruma"
	case EnvContainer:
		return "container"
	default:
		return "unknown"
	}
}

// MarshalText gives the name in one word, so that it stands in JSON, a log's too.
func (e Environment) MarshalText() ([]byte, error) { return []byte(e.String()), nil }
