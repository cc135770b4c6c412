package supervisor

import (
	"context"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
)

// hookTimeout is how long onControl and onResume may take. Nothing waits for them but whoever asked.
const hookTimeout = time.Minute

// eventHook is a hook that belongs to no start or stop: onResume or onControl. Its result changes nothing for the program.
type eventHook struct {
	name    string // onResume, onControl 130
	task    string // the same as part of a task's id
	handler *definition.Handler
	done    func(problem string) // called in the loop; "" means success
}

// runEventHook runs a hook in a goroutine; it is cancelled when the program's run ends. The same hook never runs twice at once.
func (s *supervisor) runEventHook(p *engine.Program, o eventHook) {
	rt := s.runtimeOf(p.Name)
	switch {
	case p.State != engine.Starting && p.State != engine.Running:
		o.done("it isn't running")
		return
	case p.Paused:
		o.done("it is paused")
		return
	case rt.hooks[o.task] != nil:
		o.done("the same hook is still running")
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, hookTimeout)
	if rt.hooks == nil {
		rt.hooks = map[string]func(){}
	}
	rt.hooks[o.task] = cancel
	name, generation := p.Name, p.Generation
	runner := s.tasks.Runner(p.Def, o.task)
	go func() {
		defer cancel()
		r := probe.Run(ctx, *o.handler, runner)
		s.mailbox.Post(func() {
			delete(rt.hooks, o.task)
			s.link.Send(&wire.Forget{ID: tasks.ID(name, o.task)})
			e := control.Event{Program: name, Generation: int(generation), Kind: control.EventHookDone, Reason: o.name}
			problem := ""
			if !r.OK {
				problem = r.Message
				e.Kind, e.Reason = control.EventHookFailed, o.name+": "+problem
			}
			s.publish(e)
			o.done(problem)
		})
	}()
}

// runControlHooks runs the hooks for a control code. w gets the answer when all are done; nil: nobody waits for it.
func (s *supervisor) runControlHooks(c control.Command, w *waiter) error {
	targets, known := s.controlTargets(c)
	if c.Program != "" && s.engine.Program(c.Program) == nil {
		return &control.UnknownProgramError{Program: c.Program, Known: s.knownPrograms()}
	}
	reason := fmt.Sprintf("%d by %s", c.Code, c.Reason)
	if len(targets) == 0 {
		reason += "; no program has lifecycle.onControl for it"
	}
	s.publish(control.Event{Kind: control.EventControlReceived, Program: c.Program, Reason: reason})
	if len(targets) == 0 {
		return &control.ConflictError{Reason: fmt.Sprintf("no program has lifecycle.onControl.%d; %s", c.Code, known)}
	}
	begin := monotonic.Now()
	answer := control.Answer{Results: make([]control.ProgramResult, len(targets))}
	open := len(targets)
	for i, t := range targets {
		p := t.program
		s.runEventHook(p, eventHook{
			name: fmt.Sprintf("onControl %d", c.Code), task: tasks.OnControl(c.Code), handler: t.handler,
			done: func(problem string) {
				answer.Results[i] = control.ProgramResult{
					Program: p.Name, Done: problem == "", State: stateOf(p), Generation: int(p.Generation), PID: p.PID, Message: problem,
					TookMs: float64(monotonic.Now()-begin) / float64(time.Millisecond),
				}
				if open--; open == 0 && w != nil {
					w.reply <- answer
				}
			},
		})
	}
	return nil
}

type controlTarget struct {
	program *engine.Program
	handler *definition.Handler
}

// controlTargets gives the hooks for a code; known is a text that names the codes there are.
func (s *supervisor) controlTargets(c control.Command) (targets []controlTarget, known string) {
	codes := ""
	for _, p := range s.engine.Programs() {
		if c.Program != "" && c.Program != p.Name {
			continue
		}
		for i := range p.Def.OnControl {
			hook := &p.Def.OnControl[i]
			codes += fmt.Sprintf(", %d (%s)", hook.Code, p.Name)
			if hook.Code == c.Code {
				targets = append(targets, controlTarget{p, &hook.Handler})
			}
		}
	}
	if codes == "" {
		return nil, "there is none at all"
	}
	return targets, "there are " + codes[2:]
}

// runHook runs postStart or preStop in a goroutine.
func (s *supervisor) runHook(e engine.RunHook) {
	p := s.engine.Program(e.Program)
	if p == nil {
		return
	}
	kind := tasks.PostStart
	if e.PreStop {
		kind = tasks.PreStop
	}
	ctx, cancel := context.WithTimeout(s.ctx, max(e.Timeout, 0))
	rt := s.runtimeOf(e.Program)
	if rt.endHook != nil {
		rt.endHook() // a postStart: the stop doesn't wait for it
	}
	rt.endHook = cancel
	runner := s.tasks.Runner(p.Def, kind)
	go func() {
		defer cancel()
		begin := time.Now()
		r := probe.Run(ctx, *e.Handler, runner)
		problem := ""
		if !r.OK {
			problem = r.Message
		}
		s.mailbox.Post(func() {
			s.log.Info("hook", "program", e.Program, "hook", kind, "ok", r.OK, "message", r.Message, "took", time.Since(begin))
			s.step(engine.HookDone{Program: e.Program, Generation: e.Generation, PreStop: e.PreStop, Error: problem})
		})
	}()
}
