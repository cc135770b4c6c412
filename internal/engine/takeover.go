package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Snapshot is what a successor needs to go on where a supervisor died. The programs' exported fields are kept
// one by one, so that a change of one program costs the keeper one small message.
type Snapshot struct {
	Phase    Phase
	Programs map[string]*Program
}

// Restore gives the state of a service whose supervisor died, from its last snapshot.
// A program the snapshot doesn't know is new: stopped and not wanted.
func Restore(def *definition.Service, seed uint64, snap Snapshot) *Service {
	s := New(def, seed)
	s.phase = snap.Phase
	for _, p := range s.programs {
		if old := snap.Programs[p.Name]; old != nil {
			d := p.Def
			*p = *old
			p.Def, p.Name, p.next = d, d.Name, nil
		}
		p.restored = true
		s.unadopted++
	}
	return s
}

// Known is what the keeper knows of a program when a successor takes over.
type Known struct {
	Program    string
	Generation uint64 // the newest run it ever started; 0: none
	Alive      bool
	PID        int
	StartedAt  time.Duration
}

// Adopt brings the restored state of one program in line with what the keeper knows of it. Call it for each program after
// Restore, once Step was given the exits that nobody had acknowledged. It starts again what died with the predecessor:
// probes, timers, the step of a stop.
func (s *Service) Adopt(now time.Duration, k Known) []Effect {
	s.now = now
	s.out = s.out[:0]
	p := s.byName[k.Program]
	if p != nil && p.restored {
		p.restored = false
		s.unadopted--
	}
	switch {
	case p == nil:
		s.adoptUnknown(k)
	case k.Alive:
		s.adoptRun(p, k)
	default:
		s.adoptNotRunning(p, k)
	}
	s.advance()
	return s.out
}

func (s *Service) adoptRun(p *Program, k Known) {
	same := p.Generation == k.Generation && p.State.Alive()
	p.Generation = k.Generation
	switch {
	case p.State == Stopping:
		p.PID = k.PID
		s.resumeStop(p)
	case !p.Wanted || s.phase != Supervising:
		if !same {
			p.enterRun()
		}
		p.PID = k.PID
		s.beginStop(p, StayDown, "it was to go down", 0)
	case same && p.State != Spawning:
		p.PID, p.StartedAt = k.PID, k.StartedAt
		s.resumeRun(p)
	default: // the answer to a Spawn was on its way, or the snapshot is older than the run
		if !same {
			p.enterRun()
		}
		spawned(s, p, Spawned{Program: p.Name, Generation: k.Generation, PID: k.PID, At: k.StartedAt})
	}
}

// adoptUnknown handles a program that left the definition while its supervisor died. What still runs is stopped like any
// other; how to stop it went with its definition, so the defaults apply.
func (s *Service) adoptUnknown(k Known) {
	if !k.Alive {
		s.retired[k.Program] = retired{generation: k.Generation}
		return
	}
	p := s.add(&definition.Program{Name: k.Program, StopSignal: "SIGTERM", TerminationGracePeriod: 30 * time.Second})
	p.Generation = k.Generation
	p.enterRun()
	p.PID, p.StartedAt = k.PID, k.StartedAt
	s.beginStop(p, Remove, "no longer in the definition", 0)
}

// resumeRun starts the probes and timers of a run again. Hooks are not run twice: a postStart that was under way counts as done.
func (s *Service) resumeRun(p *Program) {
	p.PostStart = false
	switch {
	case p.State == Starting && p.Startup:
		s.emit(StartProbes{Program: p.Name, Generation: p.Generation, Def: p.Def, Startup: true})
	case p.State == Starting:
		s.enterRunning(p)
	case p.Def.LivenessProbe != nil || p.Def.ReadinessProbe != nil:
		s.emit(StartProbes{Program: p.Name, Generation: p.Generation, Def: p.Def, Ready: p.ReadyProbe})
	}
	if p.State == Running && p.Def.ReadinessProbe == nil && !p.Ready { // the snapshot is of another definition
		s.setReady(p, true, "")
	}
	switch {
	case p.Paused:
		s.emit(Freeze{Program: p.Name, Generation: p.Generation}) // the processes still are; the new probes aren't
	case p.State == Running && p.Ready:
		s.beginHealthyPeriod(p)
	}
}

// resumeStop repeats the step that was under way: sending a signal twice is harmless, not sending it isn't.
func (s *Service) resumeStop(p *Program) {
	switch p.Stop {
	case StopHook, StopSignal:
		s.signal(p)
	case StopKill:
		s.kill(p, "killing the process tree")
	}
}

func (s *Service) adoptNotRunning(p *Program, k Known) {
	if p.State.Alive() && p.spawnEmitted == p.Generation {
		return // it was spawned in answer to an exit that nobody had acknowledged: the keeper's answer is still to come
	}
	if s.phase != Supervising {
		if p.State == Waiting || p.State == Backoff || p.State.Alive() && p.State != Stopping {
			s.setDown(p, Stopped, "stopped", "it was to go down")
			return
		}
	}
	switch p.State {
	case Spawning:
		if k.Generation < p.Generation { // the keeper never got the Spawn
			p.spawnEmitted = p.Generation
			s.emit(Spawn{Program: p.Name, Generation: p.Generation, Def: p.Def, Grant: s.restartGrant(p)})
			return
		}
		fallthrough
	case Starting, Running, Stopping:
		ev := SpawnFailed{Program: p.Name, Generation: p.Generation, Error: "ended while no supervisor was there to see how"}
		s.table[onSpawnFailed][p.State](s, p, ev)
	case Backoff:
		s.arm(p, p.NextStart-s.now)
	case Stopped:
		if p.Wanted && s.phase == Supervising {
			s.awaitDependencies(p, "it is wanted")
		}
	}
}
