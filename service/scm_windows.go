package service

import (
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// scm is the platform of a Windows service. Its own goroutine calls SetServiceStatus, which waits for another process: a Service
// Control Manager that is busy or hung must not keep the runner from its deadlines.
type scm struct {
	*dispatcher
	wake chan struct{}
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	waiting []windows.SERVICE_STATUS
	silent  bool // nothing more shall be reported
}

// maxWaiting bounds what waits for a Service Control Manager that hangs.
const maxWaiting = 16

func newSCM(d *dispatcher) *scm {
	p := &scm{dispatcher: d, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go p.reportAll()
	return p
}

func (p *scm) reportAll() {
	defer close(p.done)
	for {
		p.mu.Lock()
		all, silent := p.waiting, p.silent
		p.waiting = nil
		p.mu.Unlock()
		for _, status := range all {
			// An error is no reason to end: the service may be all right, whatever its manager thinks.
			_ = windows.SetServiceStatus(p.handle, &status)
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

// set has status reported, after every other state that was; of checkpoints the last one is enough.
func (p *scm) set(status windows.SERVICE_STATUS) {
	p.mu.Lock()
	if n := len(p.waiting); n > 0 && (p.waiting[n-1].CurrentState == status.CurrentState || n == maxWaiting) {
		p.waiting = p.waiting[:n-1]
	}
	p.waiting = append(p.waiting, status)
	p.mu.Unlock()
	p.rouse()
}

func (p *scm) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *scm) environment() Environment { return SCM }
func (p *scm) watchdog() time.Duration  { return 0 } // the Service Control Manager has none
func (p *scm) reloading()               {}
func (p *scm) reloaded()                {}
func (p *scm) status(string)            {}
func (p *scm) extend(time.Duration)     {}
func (p *scm) beat()                    {}
func (p *scm) say([]string)             {}

func (p *scm) report(s situation) {
	p.set(windows.SERVICE_STATUS{
		ServiceType:      windows.SERVICE_WIN32_OWN_PROCESS,
		CurrentState:     currentState(s.state),
		ControlsAccepted: accepted(p.service, s.state),
		CheckPoint:       s.checkpoint,
		WaitHint:         uint32(s.hint / time.Millisecond),
	})
}

// ended reports STOPPED, or nothing where only the end of the process makes the failure actions run; see ExitCode. After a stop
// that somebody wanted no action may run, however it went: Windows runs them for any STOPPED with an error code.
func (p *scm) ended(o outcome) {
	status := windows.SERVICE_STATUS{ServiceType: windows.SERVICE_WIN32_OWN_PROCESS, CurrentState: windows.SERVICE_STOPPED}
	if o.code != ExitOK {
		if !o.asked {
			status.Win32ExitCode = uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR)
		}
		status.ServiceSpecificExitCode = uint32(o.code)
	}
	if o.code != ExitOK && !o.asked && onlyCrashesCount(p.name) {
		p.mu.Lock()
		p.silent = true
		p.mu.Unlock()
		p.rouse()
	} else {
		p.set(status)
	}
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C: // the end of the process tells the Service Control Manager as well
	}
}

func currentState(s state) uint32 {
	switch s {
	case starting:
		return windows.SERVICE_START_PENDING
	case running:
		return windows.SERVICE_RUNNING
	case pausing:
		return windows.SERVICE_PAUSE_PENDING
	case paused:
		return windows.SERVICE_PAUSED
	case continuing:
		return windows.SERVICE_CONTINUE_PENDING
	case stopping:
		return windows.SERVICE_STOP_PENDING
	default:
		return windows.SERVICE_STOPPED
	}
}

// accepted is what the Service Control Manager may send: what the service has a handler for, and in a pending state only what
// ends it. Custom codes and INTERROGATE aren't part of the mask; they always come.
func accepted(s *Service, now state) uint32 {
	const down = windows.SERVICE_ACCEPT_SHUTDOWN | windows.SERVICE_ACCEPT_PRESHUTDOWN
	if now == stopped {
		return 0
	}
	if now == stopping {
		return down // so that the shutdown of the machine waits for the rest of the stop
	}
	mask := uint32(windows.SERVICE_ACCEPT_STOP | down)
	if now.pending() {
		return mask
	}
	for c, bit := range map[control]uint32{
		pauseControl:   windows.SERVICE_ACCEPT_PAUSE_CONTINUE,
		reloadControl:  windows.SERVICE_ACCEPT_PARAMCHANGE,
		powerControl:   windows.SERVICE_ACCEPT_POWEREVENT,
		sessionControl: windows.SERVICE_ACCEPT_SESSIONCHANGE,
	} {
		if s.takes(c) {
			mask |= bit
		}
	}
	return mask
}

// limit: at SHUTDOWN all services together have WaitToKillServiceTimeout, and nothing is sent to whoever takes longer. We keep
// a fifth of it for the end. PRESHUTDOWN lasts as long as the service was installed with.
func (p *scm) limit(reason StopReason) time.Duration {
	if reason != Shutdown {
		return 0
	}
	return waitToKill() * 4 / 5
}

// waitToKill is the machine's setting, 5 s where it has none. Source: learn.microsoft.com, "SERVICE_CONTROL_SHUTDOWN" in "HandlerEx".
func waitToKill() time.Duration {
	const usual = 5 * time.Second
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control`, registry.QUERY_VALUE)
	if err != nil {
		return usual
	}
	defer func() { _ = key.Close() }()
	text, _, err := key.GetStringValue("WaitToKillServiceTimeout")
	if err != nil {
		return usual
	}
	ms, err := strconv.ParseUint(text, 10, 31)
	if err != nil || ms == 0 {
		return usual
	}
	return time.Duration(ms) * time.Millisecond
}
