package supervisor

import (
	"cmp"
	"context"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// waiter is a command whose answer has to wait until its programs have got there.
type waiter struct {
	verb    control.Verb
	targets []target
	reply   chan control.Answer
}

type target struct {
	name   string
	before uint64 // generation when the command came
	alive  bool   // it had a process then
	begin  time.Duration
	result *control.ProgramResult // once it is known
}

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
			ch <- outcome{wait: w, err: b.s.controlled(c, w)}
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
		return nil, &control.UnknownProgramError{Program: c.Program, Known: s.programNames()}
	}
	if s.engine.Phase() >= engine.Ending {
		return nil, &control.ConflictError{Reason: "the service is shutting down"}
	}
	r := engine.Request{Program: c.Program, Reason: reasonOf(c), Verb: verbOf(c.Verb)}
	if c.GraceSeconds != nil {
		r.Grace = max(time.Duration(*c.GraceSeconds*float64(time.Second)), time.Millisecond)
	}
	s.step(r)
	s.waiters = append(s.waiters, w)
	return w, nil
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

func (s *supervisor) programNames() []string {
	var names []string
	for _, p := range s.engine.Programs() {
		names = append(names, p.Name)
	}
	return names
}

// answerWaiters answers the commands whose programs have all got where they were to go.
func (s *supervisor) answerWaiters() {
	keep := s.waiters[:0]
	for _, w := range s.waiters {
		if answer, done := s.judge(w); done {
			w.reply <- answer
		} else {
			keep = append(keep, w)
		}
	}
	clear(s.waiters[len(keep):])
	s.waiters = keep
}

func (s *supervisor) dropWaiter(gone *waiter) {
	keep := s.waiters[:0]
	for _, w := range s.waiters {
		if w != gone {
			keep = append(keep, w)
		}
	}
	s.waiters = keep
}

func (s *supervisor) judge(w *waiter) (control.Answer, bool) {
	all := true
	for i := range w.targets {
		t := &w.targets[i]
		if t.result == nil {
			t.result = s.verdict(w.verb, t)
		}
		all = all && t.result != nil
	}
	if !all {
		return control.Answer{}, false
	}
	answer := control.Answer{Results: []control.ProgramResult{}}
	for _, t := range w.targets {
		answer.Results = append(answer.Results, *t.result)
	}
	return answer, true
}

// verdict says how a command ended for one program, or nil while that is open.
func (s *supervisor) verdict(verb control.Verb, t *target) *control.ProgramResult {
	p := s.engine.Program(t.name)
	if p == nil {
		return &control.ProgramResult{Program: t.name, State: control.StateStopped, Message: "it left the definition"}
	}
	r := &control.ProgramResult{
		Program: p.Name, State: stateOf(p), Generation: int(p.Generation), PID: p.PID,
		TookMs: float64(monotonic.Now()-t.begin) / float64(time.Millisecond),
	}
	if why := s.runtimeOf(p.Name).refused; why != "" {
		r.Message = why
		return r
	}
	settled := false
	switch verb {
	case control.VerbStop:
		settled = !p.State.Alive()
		r.Done = settled && !p.Wanted
		s.howItEnded(r, p, t)
	case control.VerbPause:
		settled, r.Done = !s.runtimeOf(p.Name).freezing || !p.State.Alive(), p.Paused
	case control.VerbResume:
		settled, r.Done = !s.runtimeOf(p.Name).freezing || !p.State.Alive(), !p.Paused && p.State.Alive()
	default:
		settled, r.Done = standing(p, verb == control.VerbRestart && t.alive, t.before)
		if verb == control.VerbRestart {
			s.howItEnded(r, p, t)
		}
	}
	if !settled {
		return nil
	}
	if !r.Done {
		r.Message = p.Reason
	}
	return r
}

// standing says whether a start or restart has come to a result: up (and ready, where that is probed), or it can't.
func standing(p *engine.Program, fresh bool, before uint64) (settled, done bool) {
	if fresh && p.Generation <= before {
		return !p.State.Alive() && !p.Wanted, false
	}
	switch p.State {
	case engine.Running:
		return p.Ready, p.Ready
	case engine.Completed:
		return true, true
	case engine.Failed, engine.Stopped, engine.Backoff:
		return true, false
	}
	return false, false
}

func (s *supervisor) howItEnded(r *control.ProgramResult, p *engine.Program, t *target) {
	if !t.alive {
		r.EndedBy = control.EndedAlreadyStopped
		return
	}
	switch p.EndedBy {
	case engine.StopHook:
		r.EndedBy = control.EndedPreStop
	case engine.StopSignal:
		r.EndedBy, r.Signal = control.EndedSignal, cmp.Or(s.runtimeOf(p.Name).asked, p.Def.StopSignal)
	case engine.StopKill:
		r.EndedBy, r.Signal = control.EndedKill, signals.Kill
	default:
		r.EndedBy = control.EndedExited
	}
	if x := p.LastExit; x != nil && x.Signal == 0 && x.Error == "" {
		code := x.Code
		r.ExitCode = &code
	}
}
