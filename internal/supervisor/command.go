package supervisor

import (
	"context"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// backend is the supervisor as the control server sees it: every method is called from other goroutines.
type backend struct{ s *supervisor }

// Command implements control.Backend.
func (b backend) Command(ctx context.Context, c control.Command) (control.Answer, error) {
	type outcome struct {
		answer *control.Answer
		wait   *waiter
		err    error
	}
	ch := make(chan outcome, 1)
	b.s.mailbox.Post(func() {
		if c.Verb == control.VerbReload {
			answer := b.s.reload(reasonOf(c))
			ch <- outcome{answer: &answer}
			return
		}
		if c.Verb == control.VerbControl {
			w := &waiter{reply: make(chan control.Answer, 1)}
			ch <- outcome{wait: w, err: b.s.runControlHooks(c, w)}
			return
		}
		w, err := b.s.command(c)
		ch <- outcome{wait: w, err: err}
	})
	var o outcome
	select {
	case o = <-ch:
	case <-ctx.Done():
		return control.Answer{}, ctx.Err()
	case <-b.s.ctx.Done():
		return control.Answer{}, context.Cause(b.s.ctx)
	}
	if o.err != nil {
		return control.Answer{}, o.err
	}
	if o.answer != nil {
		return *o.answer, nil
	}
	select {
	case answer := <-o.wait.reply:
		return answer, nil
	case <-ctx.Done():
		b.s.mailbox.Post(func() { b.s.dropWaiter(o.wait) })
		return control.Answer{}, ctx.Err()
	case <-b.s.ctx.Done():
		return control.Answer{}, context.Cause(b.s.ctx)
	}
}

func reasonOf(c control.Command) string {
	if c.Reason != "" {
		return string(c.Verb) + " requested: " + c.Reason
	}
	return string(c.Verb) + " requested"
}

// command gives the engine a request and makes a waiter for its answer.
func (s *supervisor) command(c control.Command) (*waiter, error) {
	w := &waiter{verb: c.Verb, reply: make(chan control.Answer, 1)}
	now := monotonic.Now()
	for _, p := range s.engine.Programs() {
		if c.Program == "" || c.Program == p.Name {
			w.targets = append(w.targets, target{name: p.Name, before: p.Generation, alive: p.State.Alive(), begin: now})
			s.runtimeOf(p.Name).refused = ""
		}
	}
	if len(w.targets) == 0 && c.Program != "" {
		return nil, &control.UnknownProgramError{Program: c.Program, Known: s.knownPrograms()}
	}
	if c.WholeService {
		return w, s.orderService(c, w)
	}
	if s.engine.Phase() >= engine.Ending {
		return nil, &control.ConflictError{Reason: "the service is shutting down"}
	}
	r := engine.Request{Program: c.Program, Reason: reasonOf(c), Verb: verbOf(c.Verb), Dependencies: true}
	r.Grace = graceOf(c)
	s.step(r)
	s.waiters = append(s.waiters, w)
	return w, nil
}

// graceOf is the grace period that c asks for; 0: none, as the engine has it.
func graceOf(c control.Command) time.Duration {
	if c.GraceSeconds == nil {
		return 0
	}
	return max(time.Duration(*c.GraceSeconds*float64(time.Second)), time.Millisecond)
}

func verbOf(v control.Verb) engine.Verb {
	switch v {
	case control.VerbStop:
		return engine.Stop
	case control.VerbRestart:
		return engine.Restart
	case control.VerbPause:
		return engine.Pause
	case control.VerbResume:
		return engine.Resume
	}
	return engine.Start
}
