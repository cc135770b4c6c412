package supervisor

import (
	"context"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
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
			answer, w := b.s.orderReload(c)
			ch <- outcome{answer: &answer, wait: w}
			return
		}
		if c.Verb == control.VerbUpgrade {
			w := &waiter{reply: make(chan control.Answer, 1)}
			ch <- outcome{wait: w, err: b.s.orderUpgrade(c, w)}
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
	if o.wait == nil {
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
	w := &waiter{verb: c.Verb, minReady: minReadyOf(c), reply: make(chan control.Answer, 1)}
	for _, p := range s.engine.Programs() {
		if c.Program == "" || c.Program == p.Name {
			w.targets = append(w.targets, targetOf(p))
			s.runtimeOf(p.Name).refused = ""
		}
	}
	if len(w.targets) == 0 && c.Program != "" {
		return nil, &control.UnknownProgramError{Program: c.Program, Known: s.knownPrograms()}
	}
	if c.WholeService {
		return w, s.orderService(c, w)
	}
	if c.Verb == control.VerbAwait {
		w.targets = slices.DeleteFunc(w.targets, func(t target) bool { return !s.engine.Program(t.name).Wanted })
		s.waiters = append(s.waiters, w)
		return w, nil
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

// orderReload reloads the definition. The waiter is for what was started and restarted; nil: the answer is complete.
func (s *supervisor) orderReload(c control.Command) (control.Answer, *waiter) {
	before := map[string]target{}
	for _, p := range s.engine.Programs() {
		before[p.Name] = targetOf(p)
	}
	answer := s.reload(reasonOf(c))
	if answer.Reload == nil || c.MinReadySeconds == 0 {
		return answer, nil
	}
	w := &waiter{verb: control.VerbRestart, minReady: minReadyOf(c), reload: answer.Reload, reply: make(chan control.Answer, 1)}
	for _, name := range append(slices.Clone(answer.Reload.Added), answer.Reload.Restarted...) {
		p := s.engine.Program(name)
		if p == nil || !p.Wanted {
			continue
		}
		t, known := before[name]
		if !known {
			t = targetOf(p)
			t.alive = false // it is new
		}
		s.runtimeOf(name).refused = ""
		w.targets = append(w.targets, t)
	}
	s.waiters = append(s.waiters, w)
	return answer, w
}

func minReadyOf(c control.Command) time.Duration {
	return time.Duration(c.MinReadySeconds * float64(time.Second))
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
