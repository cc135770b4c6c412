package supervisor

import (
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/supervisor/startfailure"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
)

// handle turns a message of the keeper into an event.
func (s *supervisor) handle(m wire.Message, files []*os.File) {
	switch m := m.(type) {
	case *wire.Started:
		s.started(m, files)
	case *wire.Failed:
		s.failed(m)
	case *wire.Exited:
		s.exited(m)
	case *wire.Unasked:
		s.step(engine.Unasked{Program: m.ID, Generation: m.Generation})
	case *wire.Frozen:
		if rt := s.runtimes[m.ID]; rt != nil {
			rt.freezing = false
		}
	case *wire.Listening:
		s.sockets.Answered(m)
	case *wire.OpenedToReaders:
		s.openedToReaders(m)
	case *wire.UpgradeAnswer:
		s.upgradeAnswered(m)
	case *wire.StopRequest:
		s.stopRequested(m)
	case *wire.ReloadRequest:
		s.reload("SIGHUP")
	case *wire.PauseRequest:
		s.pauseRequested(m)
	case *wire.PowerEvent:
		s.powerChanged(m)
	case *wire.SessionEvent:
		s.publish(control.Event{Kind: control.EventSessionChanged, Reason: m.Change})
	case *wire.ControlEvent:
		s.runControlHooks(control.Command{Code: m.Code, Reason: "the service manager"}, nil)
	}
}

func (s *supervisor) started(m *wire.Started, files []*os.File) {
	if tasks.Is(m.ID) {
		s.tasks.Started(m, files)
		return
	}
	rt := s.runtimeOf(m.ID)
	rt.wall, rt.freezing = time.Unix(0, m.Run.Wall), false
	s.attach(m.ID, m.Run.Generation, outputFiles(m.Streams, files), (*logs.Sink).Attach)
	s.step(engine.Spawned{Program: m.ID, Generation: m.Run.Generation, PID: m.Run.PID, At: m.Run.At})
}

func (s *supervisor) failed(m *wire.Failed) {
	if tasks.Is(m.ID) {
		s.tasks.Failed(m)
		return
	}
	reason := m.Error
	if p := s.engine.Program(m.ID); p != nil {
		reason = cmp.Or(s.sockets.Problem(p.Def), s.explainFailure(p.Def, reason))
	}
	s.step(engine.SpawnFailed{Program: m.ID, Generation: m.Generation, Error: reason})
}

// explainFailure looks for what is wrong where the kernel refused a start.
func (s *supervisor) explainFailure(def *definition.Program, reason string) string {
	if !startfailure.Attempted(reason) {
		return reason
	}
	plan, err := s.plan(def, def.Command)
	if err != nil { // since the last start by order; the keeper restarts without a look
		return err.Error()
	}
	return startfailure.Explain(plan, reason)
}

func (s *supervisor) exited(m *wire.Exited) {
	if tasks.Is(m.ID) {
		s.tasks.Exited(m)
		return
	}
	s.runtimeOf(m.ID).asked = m.Exit.Asked
	s.drain(m.ID, m.Generation)
	s.forgetNotifyState(m.ID, m.Generation)
	s.ended(m.ID, m.Generation, m.Exit, m.Next, m.Failed)
}

// ended gives the engine the end of a run, then acknowledges it: by then the end is in the snapshot.
func (s *supervisor) ended(id string, generation uint64, exit wire.Exit, next uint64, failed string) {
	if failed != "" {
		if p := s.engine.Program(id); p != nil {
			failed = s.explainFailure(p.Def, failed)
		}
		s.step(engine.SpawnFailed{Program: id, Generation: generation, Error: failed})
	} else {
		e := engine.Exit{Generation: generation, Code: exit.Code, Signal: exit.Signal, CoreDump: exit.CoreDump, NoMemory: exit.NoMemory,
			Orphans: exit.Orphans, LeftAll: exit.LeftAll, At: exit.At}
		for _, name := range exit.Left {
			e.Left = append(e.Left, plaintext.Line(name)) // a process calls itself what it likes
		}
		s.step(engine.Exited{Program: id, Generation: generation, Exit: e, Restarted: next})
	}
	s.link.Send(&wire.Ack{ID: id, Generation: generation})
	if exit.Orphans {
		s.log.Info("descendants that outlived it were ended", "program", id, "generation", generation)
	}
}

// forgetProgram lets the keeper forget a program, its hooks and its exec probes.
func (s *supervisor) forgetProgram(name string) {
	s.link.Send(&wire.Forget{ID: name})
	for _, id := range tasks.IDs(name) {
		s.link.Send(&wire.Forget{ID: id})
	}
}

func (s *supervisor) stopRequested(m *wire.StopRequest) {
	if m.Overdue {
		s.overdue(m.Left)
		return
	}
	if s.engine.Phase() < engine.Ending || m.Now {
		s.publish(control.Event{Kind: control.EventStopping, Reason: "daruma was asked to stop: " + m.Signal})
		s.state.StopWhy = m.Signal
	}
	if s.state.StopWhy != "" && m.Now {
		s.state.StopWhy += ", at once"
	}
	s.state.Restart = false // who stops the service starts it again, or doesn't want to
	s.saveServiceState()
	s.step(engine.Shutdown{Reason: "daruma was asked to stop: " + m.Signal})
	if m.Now {
		s.endAfterKill()
	}
}

// overdue handles that the time to stop was over, and the keeper ended what was left.
func (s *supervisor) overdue(left []string) {
	reason := "nothing was left but daruma's own end"
	if len(left) > 0 {
		reason = "ended by force: " + strings.Join(left, ", ")
	}
	s.publish(control.Event{Kind: control.EventStopOverdue, Reason: reason})
	s.step(engine.Shutdown{Reason: "the time to stop is over"})
	s.endAfterKill()
}
