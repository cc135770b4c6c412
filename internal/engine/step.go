package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// New gives the state of a service before anything was started: every program stopped and not wanted.
// seed feeds the jitter of the backoff.
func New(def *definition.Service, seed uint64) *Service {
	s := &Service{byName: map[string]*Program{}, retired: map[string]retired{}, rng: seed, table: transitions()}
	for i := range def.Programs {
		s.add(&def.Programs[i])
	}
	s.link()
	return s
}

// Programs lists the programs in the order of the definition. They belong to the engine: read only.
func (s *Service) Programs() []*Program { return s.programs }

// Program gives one program, or nil. Read only.
func (s *Service) Program(name string) *Program { return s.byName[name] }

// Phase says what the service as a whole is doing.
func (s *Service) Phase() Phase { return s.phase }

// Step takes one event at the monotonic time now and gives what is to be done, in order.
// The slice is reused by the next Step.
func (s *Service) Step(now time.Duration, ev Event) []Effect {
	s.now = now
	s.out = s.out[:0]
	switch ev := ev.(type) {
	case Shutdown:
		s.shutdown(ev)
	case Reload:
		s.reload(ev)
	case Request:
		s.request(ev)
	default:
		s.dispatch(ev)
	}
	s.advance()
	return s.out
}

// dispatch finds the program and drops events that belong to the past: to another generation, or to a timer that was replaced.
func (s *Service) dispatch(ev Event) {
	name, k, stale := s.classify(ev)
	p := s.byName[name]
	if p == nil || stale {
		return
	}
	if act := s.table[k][p.State]; act != nil {
		act(s, p, ev)
	}
}

func (s *Service) classify(ev Event) (name string, k kind, stale bool) {
	old := func(program string, generation uint64) bool {
		p := s.byName[program]
		return p == nil || p.Generation != generation
	}
	switch ev := ev.(type) {
	case Spawned:
		return ev.Program, onSpawned, old(ev.Program, ev.Generation)
	case SpawnFailed:
		return ev.Program, onSpawnFailed, old(ev.Program, ev.Generation)
	case Exited:
		return ev.Program, onExited, old(ev.Program, ev.Generation)
	case Unasked:
		return ev.Program, onUnasked, old(ev.Program, ev.Generation)
	case HookDone:
		if ev.PreStop {
			return ev.Program, onPreStop, old(ev.Program, ev.Generation)
		}
		return ev.Program, onPostStart, old(ev.Program, ev.Generation)
	case Probed:
		return ev.Program, onStartup + kind(ev.Kind), old(ev.Program, ev.Generation)
	case TimerFired:
		p := s.byName[ev.Program]
		if ev.Reset {
			return ev.Program, onReset, p == nil || p.ResetSer != ev.Serial
		}
		return ev.Program, onTimer, p == nil || p.Serial != ev.Serial
	}
	return "", 0, true
}

func (s *Service) emit(e Effect) { s.out = append(s.out, e) }

// publish keeps the reason of a decision and emits the event that tells it.
func (s *Service) publish(p *Program, kind, reason string) {
	p.Reason = reason
	s.emit(PublishEvent{Program: p.Name, Generation: p.Generation, Kind: kind, Reason: reason, PID: p.PID})
}

// arm sets the program's timer; whatever was armed before is stale from now on.
func (s *Service) arm(p *Program, after time.Duration) {
	p.Serial++
	s.emit(SetTimer{Program: p.Name, Serial: p.Serial, After: max(after, 0)})
}

func (s *Service) disarm(p *Program) { p.Serial++ }

func (s *Service) add(def *definition.Program) *Program {
	p := &Program{Def: def, Name: def.Name, Healthy: true, Reason: "not started yet"}
	if r, ok := s.retired[p.Name]; ok {
		p.Generation, p.Serial, p.ResetSer = r.generation, r.serial, r.resetSerial
	}
	s.programs = append(s.programs, p)
	s.byName[p.Name] = p
	return p
}
