package supervisor

import (
	"cmp"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/systemlog"
	"github.com/daruma-sh/daruma/internal/version"
)

// publish publishes an event everywhere: see [events.Publisher].
func (s *supervisor) publish(e control.Event) { s.events.Publish(e, s.def) }

// openSystemLog opens the operating system's log; nil where no service manager hosts the service, which has no business there.
func (s *supervisor) openSystemLog() *systemlog.Log {
	if !s.hello.Hosted {
		return nil
	}
	return systemlog.Open(s.cfg.Service, func(err error) {
		s.mailbox.Post(func() { s.log.Warn("the system's log", "error", err) })
	})
}

// publishStart publishes that the service begins, and what had ended it if nobody had asked for that.
func (s *supervisor) publishStart() {
	programs := fmt.Sprintf("%d programs", len(s.def.Programs))
	if len(s.def.Programs) == 1 {
		programs = "1 program"
	}
	e := control.Event{Kind: control.EventServiceStarted, Reason: programs + ", daruma " + version.Version()}
	switch {
	case s.found.Down == incident.Machine:
		e.Kind, e.Reason = control.EventRecoveredAfterBoot, "the machine went down while it ran; "+e.Reason
	case s.found.Booted:
		e.Kind, e.Reason = control.EventRecoveredAfterBoot, "it didn't run when the machine went down; "+e.Reason
	case s.found.Down == incident.Keeper:
		e.Kind, e.Reason = control.EventKeeperFailed, "it and the programs it held are started again; "+e.Reason
	}
	s.publish(e)
}

// publishEnd publishes that the service has ended as it should; a failure was published when it was decided.
func (s *supervisor) publishEnd() {
	if s.ending == nil || s.ending.failed {
		return
	}
	if s.state.Over != "" {
		s.publish(control.Event{Kind: control.EventServiceFailed, Reason: s.state.Over})
		return
	}
	s.publish(control.Event{Kind: control.EventServiceStopped, Reason: cmp.Or(s.state.StopWhy, s.ending.reason)})
}

// replacedPause is how long a further replacement of the supervisor isn't written to the system's log. The count is saved with the
// keeper, because each replacement is another process.
const replacedPause = 10 * time.Minute

func (s *supervisor) publishReplaced(why string) {
	e := control.Event{Kind: control.EventSupervisorReplaced, Reason: "a new supervisor is in charge; of the last one: " + why}
	now, m := monotonic.Now(), &s.state
	if m.ReplacedAt > 0 && now-m.ReplacedAt < replacedPause {
		m.ReplacedMore++
		s.events.PublishInside(e)
		s.saveServiceState()
		return
	}
	reason := e.Reason
	if m.ReplacedMore > 0 {
		reason += fmt.Sprintf(" (and %d more since the last event of this kind)", m.ReplacedMore)
	}
	m.ReplacedAt, m.ReplacedMore = now, 0
	s.saveServiceState()
	s.flush() // first: if this process dies at once, the next one knows that it was written
	s.events.PublishPlain(e, reason)
}
