package service

import (
	"fmt"
	"slices"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/winevent"
)

// control is what the system asks of a running service, beside stopping.
type control uint8

const (
	pauseControl control = iota
	continueControl
	reloadControl
	powerControl
	sessionControl
	customControl
)

// controlEvent is a control with its data, copied: the system takes its memory back when its handler returns.
type controlEvent struct {
	control control
	power   winevent.Power
	session winevent.Session
	code    uint8
}

// takes reports whether the service has a handler for the control.
func (s *Service) takes(c control) bool {
	switch c {
	case pauseControl, continueControl:
		return s.OnPause != nil
	case reloadControl:
		return s.OnReload != nil
	case powerControl:
		return s.OnPower != nil
	case sessionControl:
		return s.OnSession != nil
	case customControl:
		return s.OnControl != nil
	}
	return false
}

// take queues a control for its handler.
func (r *runner) take(e controlEvent) {
	switch {
	case !r.service.takes(e.control) || r.state == platform.Stopping:
		return
	case len(r.controls) >= maxControls:
		if r.dropped++; r.dropped == 1 {
			r.log.Warn("controls are dropped: too many wait for a handler", "waiting", len(r.controls), "handler", r.handling)
		}
		return
	}
	if e.control == reloadControl && slices.ContainsFunc(r.controls, func(w controlEvent) bool { return w.control == reloadControl }) {
		return // the one that waits will read the same configuration
	}
	r.controls = append(r.controls, e)
	r.handleNext()
}

// handleNext starts the handler of the next control, if none is at work. Before Ready there is nothing yet to be paused
// or reloaded.
func (r *runner) handleNext() {
	for r.handling == "" && len(r.controls) > 0 && r.state != platform.Starting && r.state != platform.Stopping {
		e := r.controls[0]
		r.controls = r.controls[1:]
		if name, handler := r.handler(e); handler != nil {
			r.handling = name
			r.launch(name, handler, func(err error) message { return handledMessage{err} })
		}
	}
}

// handler gives the function to call for e, and changes the state for it; nil where e has no effect in this state.
func (r *runner) handler(e controlEvent) (name string, f func() error) {
	s := &r.service
	switch e.control {
	case pauseControl:
		if r.state == platform.Running {
			r.enter(platform.Pausing, s.StopTimeout)
			return "OnPause", func() error { return s.OnPause(r.ctx) }
		}
	case continueControl:
		if r.state == platform.Paused {
			r.enter(platform.Continuing, s.StopTimeout)
			return "OnContinue", func() error { return s.OnContinue(r.ctx) }
		}
	case reloadControl:
		r.around.Reloading()
		return "OnReload", func() error { return s.OnReload(r.ctx) }
	case powerControl:
		return "OnPower", func() error { return s.OnPower(r.ctx, e.power) }
	case sessionControl:
		return "OnSession", func() error { return s.OnSession(r.ctx, e.session) }
	case customControl:
		return "OnControl", func() error { return s.OnControl(r.ctx, e.code) }
	}
	return "", nil
}

// handlerReturned takes the result of the handler that was at work.
func (r *runner) handlerReturned(err error) {
	name := r.handling
	r.handling = ""
	switch {
	case name == "OnReload" && r.state != platform.Stopping:
		r.around.Reloaded() // systemd waits for it, also where the reload failed
	case r.state == platform.Pausing && err == nil, r.state == platform.Continuing && err != nil:
		r.enter(platform.Paused, 0)
	case r.state == platform.Pausing, r.state == platform.Continuing:
		r.enter(platform.Running, 0)
	}
	if panicked, ok := err.(*PanicError); ok {
		r.failure = panicked
		r.stop(ReasonPanic)
	} else if err != nil && !(r.state == platform.Stopping && onlyStop(err)) {
		r.log.Error(name+" failed; the service goes on", "error", err)
		r.around.Status(shortLine(fmt.Sprintf("%s failed: %v", name, err)))
	}
	r.handleNext()
}
