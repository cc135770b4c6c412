// Package tasks runs the commands of hooks and exec probes: in the program's environment, as its user, in a process tree of
// its own, which the keeper starts and ends like a run of a program.
package tasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// Kinds of tasks beside the probes'.
const (
	PostStart = "postStart"
	PreStop   = "preStop"
	OnResume  = "onResume"
)

// OnControl is the kind of the task for a control code.
func OnControl(code int) string { return fmt.Sprintf("onControl%d", code) }

// ID is what the keeper knows a task of a program by.
func ID(program, kind string) string { return program + "!" + kind }

// Is tells the ids of tasks ("api!preStop") from programs' names, which have no exclamation mark.
func Is(id string) bool { return strings.Contains(id, "!") }

// IDs are the ids of all tasks that a program leaves with the keeper. Those of onResume and onControl are forgotten after each run.
func IDs(program string) []string {
	var ids []string
	for _, kind := range []string{
		PostStart, PreStop, engine.StartupProbe.String(), engine.LivenessProbe.String(), engine.ReadinessProbe.String(),
	} {
		ids = append(ids, ID(program, kind))
	}
	return ids
}

// killTimeout is how long a task that was killed may take to end.
const killTimeout = 5 * time.Second

// Config is what tasks need of the supervisor.
type Config struct {
	Context context.Context    // ends with the supervisor
	Send    func(wire.Message) // gives the keeper a message; called in the loop
	Mailbox *mailbox.Mailbox   // of the loop
	// Plan says how the command is started as the program; called in the loop.
	Plan func(def *definition.Program, command []string) (*launch.Plan, error)
	// Explain says more of why the keeper couldn't start a plan, where there is more to say; called in the loop.
	Explain func(p *launch.Plan, reason string) string
}

// Tasks are the tasks under way. The supervisor's loop owns them and calls all methods but the runners.
type Tasks struct {
	cfg  Config
	byID map[string]*task
}

// New makes an empty table.
func New(cfg Config) *Tasks { return &Tasks{cfg: cfg, byID: map[string]*task{}} }

// task is one command under way.
type task struct {
	id         string
	generation uint64
	plan       *launch.Plan
	done       chan result
	output     output
}

type result struct {
	code   int
	signal int
	err    error
}

func unknownError(text string) error { return fmt.Errorf("%w: %s", probe.ErrUnknown, text) }

// Runner gives the probe package a way to run commands as this program. A task of the same kind never runs twice at once.
func (s *Tasks) Runner(def *definition.Program, kind string) probe.Runner {
	id := ID(def.Name, kind)
	return func(ctx context.Context, command []string) (int, []byte, error) {
		t := &task{id: id, done: make(chan result, 1)}
		s.cfg.Mailbox.Post(func() { s.start(t, def, command) })
		select {
		case r := <-t.done:
			return t.answer(r)
		case <-ctx.Done():
		case <-s.cfg.Context.Done():
			return 0, nil, unknownError("the supervisor is ending")
		}
		s.cfg.Mailbox.Post(func() { s.cfg.Send(&wire.Kill{ID: t.id, Generation: t.generation}) })
		select {
		case r := <-t.done:
			_, out, _ := t.answer(r)
			return -1, out, ctx.Err()
		case <-time.After(killTimeout):
			return -1, nil, fmt.Errorf("%s doesn't end although it was killed", command[0])
		case <-s.cfg.Context.Done():
			return 0, nil, unknownError("the supervisor is ending")
		}
	}
}

func (t *task) answer(r result) (int, []byte, error) {
	t.output.wait()
	if r.err != nil {
		return -1, nil, r.err
	}
	if r.signal != 0 {
		return -1, t.output.bytes(), errors.New("ended by " + signals.Name(r.signal))
	}
	return r.code, t.output.bytes(), nil
}

func (s *Tasks) start(t *task, def *definition.Program, command []string) {
	if s.byID[t.id] != nil {
		t.done <- result{err: unknownError("the one before hasn't ended yet")}
		return
	}
	plan, err := s.cfg.Plan(def, command)
	if err != nil {
		t.done <- result{err: err}
		return
	}
	// The clock never gives a number twice, across supervisors too: no counter has to be handed on.
	t.generation = uint64(monotonic.Now())
	t.plan = plan
	s.byID[t.id] = t
	s.cfg.Send(&wire.Spawn{ID: t.id, Generation: t.generation, Spec: wire.Spec{Plan: launch.Encode(plan)}})
}

// find gives the task under way if it is this run of it, and not one that a predecessor left.
func (s *Tasks) find(id string, generation uint64) *task {
	if t := s.byID[id]; t != nil && t.generation == generation {
		return t
	}
	return nil
}

// Started takes the keeper's message that a task runs, and its output.
func (s *Tasks) Started(m *wire.Started, files []*os.File) {
	if t := s.find(m.ID, m.Run.Generation); t != nil {
		t.output.read(files)
		return
	}
	for _, f := range files {
		f.Close()
	}
	s.cfg.Send(&wire.Kill{ID: m.ID, Generation: m.Run.Generation}) // nobody waits for it
}

// Failed takes the keeper's message that a task couldn't be started.
func (s *Tasks) Failed(m *wire.Failed) {
	if t := s.find(m.ID, m.Generation); t != nil {
		s.end(t, result{err: unknownError(s.cfg.Explain(t.plan, m.Error))})
	}
}

// Exited takes the keeper's message that a task and its tree have ended.
func (s *Tasks) Exited(m *wire.Exited) {
	if t := s.find(m.ID, m.Generation); t != nil {
		s.end(t, result{code: m.Exit.Code, signal: m.Exit.Signal})
	}
	s.forgetRun(m.ID, m.Generation)
}

func (s *Tasks) end(t *task, r result) {
	delete(s.byID, t.id)
	t.output.end()
	t.done <- r
}

// EndInherited ends a task of a predecessor: whoever waited for the hook or probe died with it.
func (s *Tasks) EndInherited(m wire.KnownRun, files []*os.File) {
	for _, f := range files {
		f.Close()
	}
	s.cfg.Send(&wire.Forget{ID: m.ID}) // until it is run again
	if m.Alive {
		s.cfg.Send(&wire.Kill{ID: m.ID, Generation: m.Run.Generation})
		return
	}
	s.forgetRun(m.ID, m.Run.Generation)
}

// forgetRun lets the keeper forget a run that has ended.
func (s *Tasks) forgetRun(id string, generation uint64) {
	s.cfg.Send(&wire.Ack{ID: id, Generation: generation})
	s.cfg.Send(&wire.Release{ID: id, Generation: generation})
}
