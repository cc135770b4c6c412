package supervisor

import (
	"context"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/probe"
)

// startProbes starts the startup probe alone, or the other two once it has succeeded.
func (s *supervisor) startProbes(e engine.StartProbes) {
	if e.Startup {
		s.watch(e, engine.StartupProbe, e.Def.StartupProbe)
		return
	}
	s.watch(e, engine.LivenessProbe, e.Def.LivenessProbe)
	s.watch(e, engine.ReadinessProbe, e.Def.ReadinessProbe)
}

func (s *supervisor) watch(e engine.StartProbes, kind engine.ProbeKind, p *definition.Probe) {
	if p == nil {
		return
	}
	cfg := probe.Config{
		Probe: *p, Kind: probe.Kind(kind.String()), Generation: int(e.Generation),
		Runner: s.runner(e.Def, kind.String()),
		Report: func(o probe.Outcome) {
			s.mailbox.Post(func() {
				s.step(engine.Probed{Program: e.Program, Generation: e.Generation, Kind: kind, OK: o.Healthy, Reason: o.Reason})
			})
		},
	}
	if prog := s.engine.Program(e.Program); prog != nil {
		cfg.Running = max(keeper.Now()-prog.StartedAt, 0)
	}
	if kind == engine.ReadinessProbe && e.Ready {
		yes := true
		cfg.Initial = &yes // a takeover: it was ready, and nothing says that it isn't any more
	}
	u := s.unit(e.Program)
	if p.Handler.Notify != nil {
		ear := probe.StartNotifyProbe(cfg, s.saidBy(e.Program), s.mailbox.Post)
		u.probes = append(u.probes, &watch{kind: kind, worker: ear, ear: ear})
		return
	}
	u.probes = append(u.probes, &watch{kind: kind, worker: s.scheduler.Start(s.ctx, cfg)})
}

// stopProbes calls them off without waiting: what one in flight still reports carries an old generation, or finds
// the program in a state where it means nothing.
func (s *supervisor) stopProbes(e engine.StopProbes) {
	u := s.unit(e.Program)
	keep := u.probes[:0]
	for _, w := range u.probes {
		if e.OnlyLife && w.kind == engine.ReadinessProbe {
			keep = append(keep, w)
			continue
		}
		w.worker.Cancel()
	}
	clear(u.probes[len(keep):])
	u.probes = keep
	if e.OnlyLife {
		return
	}
	for _, callOff := range u.hooks {
		callOff()
	}
	if u.endHook != nil {
		u.endHook()
		u.endHook = nil
	}
}

// runHook runs postStart or preStop beside the loop.
func (s *supervisor) runHook(e engine.RunHook) {
	p := s.engine.Program(e.Program)
	if p == nil {
		return
	}
	kind := hookPostStart
	if e.PreStop {
		kind = hookPreStop
	}
	ctx, cancel := context.WithTimeout(s.ctx, max(e.Timeout, 0))
	u := s.unit(e.Program)
	if u.endHook != nil {
		u.endHook() // a postStart that a stop overtook
	}
	u.endHook = cancel
	runner := s.runner(p.Def, kind)
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
