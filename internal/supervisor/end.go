package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper"
)

// over says that the service has ended and with which exit code.
func (s *supervisor) over() (int, bool) {
	if s.ending == nil || s.engine.Phase() != engine.Ended && !s.ending.now {
		return 0, false
	}
	if s.ending.failed {
		return int(exitcode.Escalated), true
	}
	return int(exitcode.Done), true
}

// bury: the keeper is gone. What it can't end any more, we do; then there is nothing left to supervise.
func (s *supervisor) bury() int {
	var mains []int
	for _, p := range s.engine.Programs() {
		if p.PID > 0 {
			mains = append(mains, p.PID)
		}
	}
	keeper.KillOrphans(s.hello, mains)
	s.log.Error("the keeper is gone; its programs were ended", "cause", context.Cause(s.ctx))
	s.publish(control.Event{Kind: control.EventKeeperFailed, Reason: "its programs were ended; the system starts the service again where it is told to"})
	return 1
}

// close ends in the reverse order of prepare.
func (s *supervisor) close(buried bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.server.Close(ctx)
	drained := make(chan struct{})
	go func() { s.draining.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(5 * time.Second):
	}
	if !buried { // else the programs are down, not unwanted: the next start writes that down
		s.incidents.Write(func(r *incident.Recorder, _ time.Duration) { r.Wanted("", false, "service stopped") })
	}
	s.incidents.Close()
	_ = s.store.Close()
	if s.terminal != nil {
		s.terminal.Close()
	}
	s.cancel(errors.New("the service has ended"))
	s.events.Close()
	if s.ownLog != nil {
		_ = s.ownLog.Close()
	}
}

// ending is how the service is going to end.
type ending struct {
	failed bool
	reason string
	now    bool
}

func (s *supervisor) end(e engine.EndService) {
	if s.ending == nil {
		s.ending = &ending{}
	}
	s.ending.failed = s.ending.failed || e.Failed
	if s.ending.reason == "" {
		s.ending.reason = e.Reason
	}
	if e.Failed {
		s.publish(control.Event{Kind: control.EventEscalated, Reason: fmt.Sprintf("%s; daruma ends with a failure", e.Reason)})
	}
	s.keepMeta()
}

// endSoon: the keeper kills everything itself; its word of each end is on the way. Don't wait for long.
func (s *supervisor) endSoon() {
	time.AfterFunc(2*time.Second, func() {
		s.mailbox.Post(func() { s.ending = &ending{now: true, reason: "stopped at once"} })
	})
}
