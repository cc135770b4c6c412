package scm

import (
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// Reporter is the platform of a Windows service. Its own goroutine calls SetServiceStatus, which waits for another process: a
// Service Control Manager that is busy or hung must not keep the service from its deadlines.
type Reporter struct {
	*Dispatcher
	handlers uint32 // SERVICE_ACCEPT_… of the controls that the service has a handler for
	wake     chan struct{}
	done     chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	waiting []windows.SERVICE_STATUS
	silent  bool // nothing more shall be reported
}

// maxWaiting bounds what waits for a Service Control Manager that hangs.
const maxWaiting = 16

// NewReporter makes the platform of a service that handles these controls (SERVICE_ACCEPT_…) beside a stop.
func NewReporter(d *Dispatcher, handlers uint32) *Reporter {
	p := &Reporter{Dispatcher: d, handlers: handlers, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go p.reportAll()
	return p
}

func (p *Reporter) reportAll() {
	defer close(p.done)
	for {
		p.mu.Lock()
		all, silent := p.waiting, p.silent
		p.waiting = nil
		p.mu.Unlock()
		for _, status := range all {
			// An error is no reason to end: the service itself may be all right.
			_ = windows.SetServiceStatus(p.status, &status)
			if status.CurrentState == windows.SERVICE_STOPPED {
				close(p.stopped)
				return
			}
		}
		if silent {
			return
		}
		<-p.wake
	}
}

// set queues a status behind the states that wait. Of several checkpoints of a state, the last one is enough.
func (p *Reporter) set(status windows.SERVICE_STATUS) {
	p.mu.Lock()
	if n := len(p.waiting); n > 0 && (p.waiting[n-1].CurrentState == status.CurrentState || n == maxWaiting) {
		p.waiting = p.waiting[:n-1]
	}
	p.waiting = append(p.waiting, status)
	p.mu.Unlock()
	p.rouse()
}

func (p *Reporter) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// The Service Control Manager has nothing like the following.

// Reloading does nothing.
func (p *Reporter) Reloading() {}

// Reloaded does nothing.
func (p *Reporter) Reloaded() {}

// Status does nothing.
func (p *Reporter) Status(string) {}

// Extend does nothing: the Service Control Manager waits as long as the checkpoint grows.
func (p *Reporter) Extend(time.Duration) {}

// Beat does nothing.
func (p *Reporter) Beat() {}

// Send does nothing.
func (p *Reporter) Send(...string) {}

// Report reports the state, and the controls that the service accepts in it.
func (p *Reporter) Report(s platform.Situation) {
	p.set(windows.SERVICE_STATUS{
		ServiceType:      windows.SERVICE_WIN32_OWN_PROCESS,
		CurrentState:     currentState(s.State),
		ControlsAccepted: accepted(p.handlers, s.State),
		CheckPoint:       s.Checkpoint,
		WaitHint:         uint32(s.Hint / time.Millisecond),
	})
}

// Ended reports STOPPED, or nothing where only the end of the process makes the failure actions run; see service.ExitOK. After a
// stop that somebody wanted no action may run, however it went, nor after a failure that another start doesn't cure: Windows runs them for
// any STOPPED with an error code.
func (p *Reporter) Ended(o platform.Outcome) {
	status := endStatus(o)
	if status.Win32ExitCode != 0 && onlyCrashesCount(p.name) {
		p.mu.Lock()
		p.silent = true
		p.mu.Unlock()
		p.rouse()
	} else {
		p.set(status)
	}
	limit := time.NewTimer(platform.EndTimeout)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C: // the end of the process reports it, too
	}
}

// endStatus is the last state that is reported. An error code in it has Windows run the failure actions.
func endStatus(o platform.Outcome) windows.SERVICE_STATUS {
	status := windows.SERVICE_STATUS{ServiceType: windows.SERVICE_WIN32_OWN_PROCESS, CurrentState: windows.SERVICE_STOPPED}
	if o.Code != 0 {
		if !o.Asked && !o.Final {
			status.Win32ExitCode = uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR)
		}
		status.ServiceSpecificExitCode = uint32(o.Code)
	}
	return status
}

func currentState(s platform.State) uint32 {
	switch s {
	case platform.Starting:
		return windows.SERVICE_START_PENDING
	case platform.Running:
		return windows.SERVICE_RUNNING
	case platform.Pausing:
		return windows.SERVICE_PAUSE_PENDING
	case platform.Paused:
		return windows.SERVICE_PAUSED
	case platform.Continuing:
		return windows.SERVICE_CONTINUE_PENDING
	case platform.Stopping:
		return windows.SERVICE_STOP_PENDING
	default:
		return windows.SERVICE_STOPPED
	}
}

// accepted is what the Service Control Manager may send: what the service has a handler for, and in a pending state only what
// ends it. Custom codes and INTERROGATE aren't part of the mask; they always come.
func accepted(handlers uint32, now platform.State) uint32 {
	const down = windows.SERVICE_ACCEPT_SHUTDOWN | windows.SERVICE_ACCEPT_PRESHUTDOWN
	switch {
	case now == platform.Stopped:
		return 0
	case now == platform.Stopping:
		return down // so that the shutdown of the machine waits for the rest of the stop
	case now.Pending():
		return windows.SERVICE_ACCEPT_STOP | down
	default:
		return windows.SERVICE_ACCEPT_STOP | down | handlers
	}
}
