package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// ending is how the service is going to end.
type ending struct {
	failed bool // so that the operating system restarts it
	reason string
	now    bool // without waiting for the programs
	alone  bool // the service manager wasn't heard of: see orderService
}

// over reports whether the service has ended, and with which exit code.
func (s *supervisor) over() (int, bool) {
	if s.ending == nil || s.engine.Phase() != engine.Ended && !s.ending.now {
		return 0, false
	}
	if s.ending.failed {
		return int(exitcode.Escalated), true
	}
	if s.state.Restart {
		return int(exitcode.Restarting), s.ending.alone
	}
	if s.state.Over != "" {
		return int(exitcode.ProgramsFailed), true
	}
	return int(exitcode.Done), true
}

// endOrphans ends the programs of a keeper that is gone, and gives the exit code.
func (s *supervisor) endOrphans() int {
	var mains []int
	for _, p := range s.engine.Programs() {
		if p.PID > 0 {
			mains = append(mains, p.PID)
		}
	}
	tree.KillOrphans(tree.Keeper{PID: s.hello.KeeperPID, Cgroup: s.hello.Cgroup, Mark: s.hello.Mark}, mains)
	s.log.Error("the keeper is gone; its programs were ended", "cause", context.Cause(s.ctx))
	s.publish(control.Event{Kind: control.EventKeeperFailed, Reason: "its programs were ended; the system starts the service again where it is told to"})
	return 1
}

const (
	serverCloseTimeout = time.Second     // for answers that are being written
	drainCloseTimeout  = 5 * time.Second // for output that still comes through the pipes
	discardTimeout     = time.Second     // to count what of it is lost then

	lastGoodCloseTimeout = 2 * time.Second // for a definition that is being stored
)

// close ends in the reverse order of start.
func (s *supervisor) close(keeperLost bool) {
	ctx, cancel := context.WithTimeout(context.Background(), serverCloseTimeout)
	defer cancel()
	_ = s.server.Close(ctx)
	s.endDraining()
	switch {
	case keeperLost: // the programs are down, not unwanted: the next start records that
	case s.ending != nil && (s.ending.failed || s.state.Over != "") && s.hello.Hosted: // until the next start its programs are down
		outage := incident.Outage{Kind: incident.Service, Cause: "the service ended with a failure: " + cmp.Or(s.state.Over, s.ending.reason)}
		s.incidents.Write(func(r *incident.Recorder, ago time.Duration) {
			outage.Ago = ago
			r.RecordOutage(outage)
		})
	default:
		s.incidents.Write(func(r *incident.Recorder, _ time.Duration) { r.RecordWanted("", false, incident.ServiceStopped) })
	}
	s.incidents.Close()
	s.noteOver()
	s.stopped.writer.Wait(lastGoodCloseTimeout)
	if s.lastGood != nil {
		s.lastGood.Close(lastGoodCloseTimeout)
	}
	_ = s.store.Close()
	if s.terminal != nil {
		s.terminal.Close()
	}
	s.cancel(errors.New("the service has ended"))
	s.events.Close()
	if s.ownLog != nil {
		if err := s.ownLog.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "daruma: daruma.log:", err) // to the journal: the log itself can't say it
		}
	}
}

// end takes note of how the service ends.
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
	s.saveServiceState()
	s.awaitServiceManager()
}

// endTimeout is how long the end may take when the keeper kills everything itself: its reports of the ends are on the way.
const endTimeout = 2 * time.Second

// endAfterKill ends the service when the keeper has killed all programs, after endTimeout at the latest.
func (s *supervisor) endAfterKill() {
	time.AfterFunc(endTimeout, func() {
		s.mailbox.Post(func() { s.ending = &ending{now: true, reason: "stopped at once"} })
	})
}
