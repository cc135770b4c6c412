package supervisor

import (
	"slices"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
)

// startProbes starts the startup probe alone, or the other two once it has succeeded.
func (s *supervisor) startProbes(e engine.StartProbes) {
	if e.Startup {
		s.startProbe(e, engine.StartupProbe, e.Def.StartupProbe)
		return
	}
	s.startProbe(e, engine.LivenessProbe, e.Def.LivenessProbe)
	s.startProbe(e, engine.ReadinessProbe, e.Def.ReadinessProbe)
}

// replaceProbes starts the probes of a changed definition instead of a run's old ones.
func (s *supervisor) replaceProbes(e engine.ReplaceProbes) {
	rt := s.runtimeOf(e.Program)
	rt.probes = slices.DeleteFunc(rt.probes, func(w *activeProbe) bool {
		if !slices.Contains(e.Kinds, w.kind) {
			return false
		}
		w.replaced = true
		w.worker.Cancel()
		return true
	})
	start := engine.StartProbes{Program: e.Program, Generation: e.Generation, Def: e.Def, Ready: e.Ready}
	for _, kind := range e.Kinds {
		switch kind {
		case engine.StartupProbe:
			s.startProbe(start, kind, e.Def.StartupProbe)
		case engine.LivenessProbe:
			s.startProbe(start, kind, e.Def.LivenessProbe)
		case engine.ReadinessProbe:
			s.startProbe(start, kind, e.Def.ReadinessProbe)
		}
	}
}

func (s *supervisor) startProbe(e engine.StartProbes, kind engine.ProbeKind, p *definition.Probe) {
	if p == nil {
		return
	}
	active := &activeProbe{kind: kind}
	cfg := probe.Config{
		Probe: *p, Kind: probe.Kind(kind.String()), Generation: int(e.Generation),
		Runner: s.tasks.Runner(e.Def, kind.String()),
		Report: func(o probe.Outcome) {
			s.mailbox.Post(func() {
				if active.replaced { // the generation is the same: it doesn't tell this result from one of its successor's
					return
				}
				s.step(engine.Probed{Program: e.Program, Generation: e.Generation, Kind: kind, OK: o.Healthy, Reason: o.Reason})
			})
		},
	}
	if prog := s.engine.Program(e.Program); prog != nil {
		cfg.Running = max(monotonic.Now()-prog.StartedAt, 0)
	}
	if kind == engine.ReadinessProbe && e.Ready {
		yes := true
		cfg.Initial = &yes // a takeover: it was ready, and nothing shows that it isn't any more
	}
	rt := s.runtimeOf(e.Program)
	if p.Handler.Notify != nil {
		active.notify = probe.StartNotifyProbe(cfg, s.notifyStateOf(e.Program), s.mailbox.Post)
		active.worker = active.notify
	} else {
		active.worker = s.scheduler.Start(s.ctx, cfg)
	}
	rt.probes = append(rt.probes, active)
}

// stopProbes cancels probes and event hooks without waiting: what a probe under way still reports carries an old generation, or
// comes in a state where the engine drops it.
func (s *supervisor) stopProbes(e engine.StopProbes) {
	rt := s.runtimeOf(e.Program)
	keep := rt.probes[:0]
	for _, w := range rt.probes {
		if e.OnlyLife && w.kind == engine.ReadinessProbe {
			keep = append(keep, w)
			continue
		}
		w.worker.Cancel()
	}
	clear(rt.probes[len(keep):])
	rt.probes = keep
	if e.OnlyLife {
		return
	}
	for _, cancel := range rt.hooks {
		cancel()
	}
	if rt.endHook != nil {
		rt.endHook()
		rt.endHook = nil
	}
}
