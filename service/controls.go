package service

import (
	"fmt"
	"slices"
)

// take queues a control for its handler.
func (r *runner) take(e controlEvent) {
	switch {
	case !r.service.takes(e.control) || r.state == stopping:
		return
	case len(r.controls) >= maxControls:
		if r.dropped++; r.dropped == 1 {
			r.log.Warn("controls are dropped: too many wait for a handler", "waiting", len(r.controls), "handler", r.handling)
		}
		return
	}
	if e.control == reloadControl && slices.ContainsFunc(r.controls, func(w controlEvent) bool { return w.control == reloadControl }) {
		return // what is read by the one that waits is as new
	}
	r.controls = append(r.controls, e)
	r.handleNext()
}

// handleNext starts the handler of the next control, if none is at work. Before Ready there is nothing yet to be paused
// or reloaded.
func (r *runner) handleNext() {
	for r.handling == "" && len(r.controls) > 0 && r.state != starting && r.state != stopping {
		e := r.controls[0]
		r.controls = r.controls[1:]
		if name, handler := r.handler(e); handler != nil {
			r.handling = name
			r.launch(name, handler, func(err error) message { return handledMessage{err} })
		}
	}
}

// handler is what is to be called for e, after the state was changed for it; nil where the state has made e pointless.
func (r *runner) handler(e controlEvent) (name string, f func() error) {
	s := &r.service
	switch e.control {
	case pauseControl:
		if r.state == running {
			r.enter(pausing, s.StopTimeout)
			return "OnPause", func() error { return s.OnPause(r.ctx) }
		}
	case continueControl:
		if r.state == paused {
			r.enter(continuing, s.StopTimeout)
			return "OnContinue", func() error { return s.OnContinue(r.ctx) }
		}
	case reloadControl:
		r.platform.reloading()
		return "OnReload", func() error { return s.OnReload(r.ctx) }
	case powerControl:
		return "OnPower", func() error { s.OnPower(r.ctx, e.power); return nil }
	case sessionControl:
		return "OnSession", func() error { s.OnSession(r.ctx, e.session); return nil }
	case customControl:
		return "OnControl", func() error { s.OnControl(r.ctx, e.code); return nil }
	}
	return "", nil
}

// hearHandled: the handler at work returned.
func (r *runner) hearHandled(err error) {
	name := r.handling
	r.handling = ""
	switch {
	case name == "OnReload" && r.state != stopping:
		r.platform.reloaded() // systemd waits for it, whatever came of the reload
	case r.state == pausing && err == nil, r.state == continuing && err != nil:
		r.enter(paused, 0)
	case r.state == pausing, r.state == continuing:
		r.enter(running, 0)
	}
	if panicked, ok := err.(*PanicError); ok {
		r.failure = panicked
		r.stop(HandlerPanicked)
	} else if err != nil && !(r.state == stopping && onlyStop(err)) {
		r.log.Error(name+" failed; the service goes on", "error", err)
		r.platform.status(shortLine(fmt.Sprintf("%s failed: %v", name, err)))
	}
	r.handleNext()
}
