package supervisor

import (
	"cmp"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// waiter is a command whose answer has to wait until its programs have reached what was asked.
type waiter struct {
	verb     control.Verb
	service  bool                  // the service ends: its programs are wanted all the same
	minReady time.Duration         // how long a started program must have been ready
	reload   *control.ReloadResult // part of the answer
	targets  []target
	reply    chan control.Answer
}

type target struct {
	name   string
	before uint64 // generation when the command came
	alive  bool   // it had a process then
	begin  time.Duration
	result *control.ProgramResult // once it is known

	ready   bool          // it was ready when the command came
	first   uint64        // the first generation that was seen up after it
	readyIn uint64        // the generation that was seen ready since
	readyAt time.Duration // when
}

// targetOf is a program as it is when a command comes.
func targetOf(p *engine.Program) target {
	return target{name: p.Name, before: p.Generation, alive: p.State.Alive(), begin: monotonic.Now(), ready: p.State == engine.Running && p.Ready}
}

// mostFalls is after how many falls in the time in which a program should have been up it isn't waited for any longer: one whose restarts
// don't wait would never be seen in backoff.
const mostFalls = 3

// keepsFalling says so of a program that has fallen too often since it was first up; "" where it hasn't.
func (t *target) keepsFalling(p *engine.Program) string {
	if t.first == 0 {
		t.first = p.Generation
	}
	if p.Generation-t.first < mostFalls || p.LastExit == nil {
		return ""
	}
	return fmt.Sprintf("it fell %d times meanwhile, at last with: %s", p.Generation-t.first, p.LastExit.String())
}

// readyFor tells whether a program that is ready has been so for long enough, and has the waiters looked at again when it will have been.
func (s *supervisor) readyFor(p *engine.Program, t *target, minReady time.Duration) bool {
	now := monotonic.Now()
	if t.readyIn != p.Generation {
		t.readyIn, t.readyAt = p.Generation, now
		if t.ready && p.Generation == t.before {
			t.readyAt = p.StartedAt // or a little later, which nobody noted
		}
		if left := t.readyAt + minReady - now; left > 0 {
			time.AfterFunc(left, func() { s.mailbox.Post(func() {}) })
		}
	}
	return now >= t.readyAt+minReady
}

// answerWaiters answers the commands whose programs have all reached what was asked, or can't.
func (s *supervisor) answerWaiters() {
	keep := s.waiters[:0]
	for _, w := range s.waiters {
		if answer, done := s.answerTo(w); done {
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

func (s *supervisor) answerTo(w *waiter) (control.Answer, bool) {
	all := true
	for i := range w.targets {
		t := &w.targets[i]
		if t.result == nil {
			t.result = s.commandResult(w, t)
		}
		all = all && t.result != nil
	}
	if !all {
		return control.Answer{}, false
	}
	answer := control.Answer{Results: []control.ProgramResult{}, Reload: w.reload}
	for _, t := range w.targets {
		answer.Results = append(answer.Results, *t.result)
	}
	return answer, true
}

// commandResult gives the result of a command for one program; nil while that is open.
func (s *supervisor) commandResult(w *waiter, t *target) *control.ProgramResult {
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
	settled, verb := false, w.verb
	switch verb {
	case control.VerbStop:
		settled = !p.State.Alive()
		r.Done = settled && (w.service || !p.Wanted)
		s.setEndedBy(r, p, t)
	case control.VerbPause:
		settled, r.Done = !s.runtimeOf(p.Name).freezing || !p.State.Alive(), p.Paused
	case control.VerbResume:
		settled, r.Done = !s.runtimeOf(p.Name).freezing || !p.State.Alive(), !p.Paused && p.State.Alive()
	default:
		if why := s.engine.Blocked(p); why != "" {
			r.Message = why
			return r
		}
		if p.State == engine.Stopped && p.Wanted && s.engine.Phase() == engine.RestartingAll {
			return nil // it had no process, and waits for the others to be down
		}
		if verb == control.VerbStart && p.Paused {
			r.Message = "daruma resume lets it go on"
			return r
		}
		settled, r.Done = startResult(p, verb == control.VerbRestart && t.alive, t.before)
		if settled && p.State == engine.Running && !s.readyFor(p, t, w.minReady) {
			if why := t.keepsFalling(p); why != "" {
				r.Done, r.Message = false, why
				return r
			}
			return nil
		}
		if verb == control.VerbRestart {
			s.setEndedBy(r, p, t)
		}
		if r.Done && verb == control.VerbStart && t.ready && p.Generation == t.before {
			r.Message = "it ran already"
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

// startResult reports whether a start or restart is settled: up (and ready, where that is probed), or it can't be.
func startResult(p *engine.Program, fresh bool, before uint64) (settled, done bool) {
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

func (s *supervisor) setEndedBy(r *control.ProgramResult, p *engine.Program, t *target) {
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
		if p.Unasked {
			r.EndedBy, r.Message = control.EndedUnasked, p.CannotAsk()
		}
	default:
		r.EndedBy = control.EndedExited
	}
	if x := p.LastExit; x != nil && x.Signal == 0 && x.Error == "" {
		code := x.Code
		r.ExitCode = &code
	}
}
