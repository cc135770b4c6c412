package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// task is a command that the keeper runs for a hook or an exec probe: in the program's environment, as its user,
// in a process tree of its own.
type task struct {
	id         string
	generation uint64
	done       chan taskResult
	output     lockedBuffer
	reading    sync.WaitGroup
	file       *os.File
}

type taskResult struct {
	code   int
	signal int
	err    error
}

func unknownError(text string) error { return fmt.Errorf("%w: %s", probe.ErrUnknown, text) }

const (
	hookPostStart = "postStart"
	hookPreStop   = "preStop"
	hookOnResume  = "onResume"
)

// taskKinds are all that a program can have tasks for.
func taskKinds() []string {
	return []string{
		hookPostStart, hookPreStop, engine.StartupProbe.String(), engine.LivenessProbe.String(), engine.ReadinessProbe.String(),
	}
}

func taskID(program, kind string) string { return program + "!" + kind }

// runner gives the probe package a way to run commands as this program. kind keeps hooks and probes apart.
func (s *supervisor) runner(def *definition.Program, kind string) probe.Runner {
	id := taskID(def.Name, kind)
	return func(ctx context.Context, command []string) (int, []byte, error) {
		t := &task{id: id, done: make(chan taskResult, 1)}
		s.mailbox.Post(func() { s.startTask(t, def, command) })
		select {
		case r := <-t.done:
			return t.answer(r)
		case <-ctx.Done():
		case <-s.ctx.Done():
			return 0, nil, unknownError("the supervisor is ending")
		}
		s.mailbox.Post(func() { s.link.Send(&wire.Kill{ID: t.id, Generation: t.generation}) })
		select {
		case r := <-t.done:
			_, out, _ := t.answer(r)
			return -1, out, ctx.Err()
		case <-time.After(5 * time.Second):
			return -1, nil, fmt.Errorf("%s doesn't end although it was killed", command[0])
		case <-s.ctx.Done():
			return 0, nil, unknownError("the supervisor is ending")
		}
	}
}

func (t *task) answer(r taskResult) (int, []byte, error) {
	t.reading.Wait()
	if r.err != nil {
		return -1, nil, r.err
	}
	if r.signal != 0 {
		return -1, t.output.bytes(), errors.New("ended by " + signals.Name(r.signal))
	}
	return r.code, t.output.bytes(), nil
}

func (s *supervisor) startTask(t *task, def *definition.Program, command []string) {
	if s.tasks[t.id] != nil {
		t.done <- taskResult{err: unknownError("the one before hasn't ended yet")}
		return
	}
	plan, err := launchplan.New(s.def, def, command)
	if err != nil {
		t.done <- taskResult{err: err}
		return
	}
	// The clock never gives a number twice, across supervisors too: no counter has to be handed on.
	t.generation = uint64(monotonic.Now())
	s.tasks[t.id] = t
	s.link.Send(&wire.Spawn{ID: t.id, Generation: t.generation, Spec: wire.Spec{Plan: launch.Encode(plan)}})
}

// task gives the task under way if it is this run of it, and not one that a predecessor left.
func (s *supervisor) task(id string, generation uint64) *task {
	if t := s.tasks[id]; t != nil && t.generation == generation {
		return t
	}
	return nil
}

func (s *supervisor) taskStarted(m *wire.Started, files []*os.File) {
	if t := s.task(m.ID, m.Run.Generation); t != nil {
		t.capture(files)
		return
	}
	for _, f := range files {
		f.Close()
	}
	s.link.Send(&wire.Kill{ID: m.ID, Generation: m.Run.Generation}) // nobody waits for it
}

// capture reads the task's output; more than some KiB of it is of no use to anybody.
func (t *task) capture(files []*os.File) {
	for _, f := range files {
		t.file = f
		t.reading.Add(1)
		go func() {
			defer t.reading.Done()
			defer f.Close()
			_, _ = io.Copy(&t.output, f)
		}()
	}
}

func (s *supervisor) taskEnded(t *task, r taskResult) {
	delete(s.tasks, t.id)
	if t.file != nil {
		// Its tree is gone. Whoever else got hold of the pipe isn't waited for.
		endReading(t.file, 100*time.Millisecond)
	}
	t.done <- r
}

// lockedBuffer keeps the first 4 KiB.
type lockedBuffer struct {
	mu   sync.Mutex
	data []byte
}

const maxTaskOutput = 4 << 10

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, p[:min(len(p), maxTaskOutput-len(b.data))]...)
	return len(p), nil
}

func (b *lockedBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data
}
