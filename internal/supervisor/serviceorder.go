package supervisor

import (
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
)

// orderService begins the end of the whole service, for a stop or for a restart; w is answered when its programs are down.
//
// Who gave the order asks the service manager for the same, at once or after the answer, and may be gone before: at Ctrl+C, after its
// timeout, or because it belongs to a program's tree. So the order is kept with the keeper, and the service ends by itself. Where a
// restart was ordered and the service manager hasn't said anything by then, the exit code has it start the service again.
func (s *supervisor) orderService(c control.Command, w *waiter) error {
	if !s.hello.Hosted {
		return &control.ConflictError{Reason: "no service manager started it: there is no service to " + string(c.Verb)}
	}
	w.verb, w.service = control.VerbStop, true
	if s.engine.Phase() < engine.Ending {
		s.state.Restart = c.Verb == control.VerbRestart
		s.state.StopWhy = reasonOf(c)
		s.step(engine.Shutdown{Reason: reasonOf(c), Grace: graceOf(c)})
		// Only now: the keeper has the order with the new phase, and who hears of it may kill this process.
		s.publish(control.Event{Kind: control.EventStopping, Reason: s.state.StopWhy})
	} else if c.Verb == control.VerbStop {
		s.state.Restart = false
		s.saveServiceState()
	}
	s.waiters = append(s.waiters, w)
	return nil
}

// managerDelay is how long a service that has stopped for a restart waits for the service manager's stop.
const managerDelay = time.Second

// awaitServiceManager lets the service end after managerDelay where it is to be restarted and its programs are down.
func (s *supervisor) awaitServiceManager() {
	if e := s.ending; e != nil && s.state.Restart {
		time.AfterFunc(managerDelay, func() { s.mailbox.Post(func() { e.alone = true }) })
	}
}
