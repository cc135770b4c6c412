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

// Fell tells of a program that is down since before New or Restore: by the death of the keeper, or of the machine. Its incident is on
// record, and the next time that it is up and ready it has recovered. It comes before the first Step and Adopt.
func (s *Service) Fell(name string) {
	if p := s.byName[name]; p != nil {
		p.Incident = true
	}
}

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

// kind is the column of the table.
type kind uint8

const (
	onStart kind = iota
	onStop
	onRestart
	onPause
	onResume
	onSpawned
	onSpawnFailed
	onExited
	onPostStart
	onPreStop
	onStartup
	onLiveness
	onReadiness
	onTimer
	onReset
	kinds
)

type action func(*Service, *Program, Event)

// table is state × event.
type table [kinds][Completed + 1]action

// transitions says what each event does in each state. A nil cell is an event without meaning there: it is dropped.
func transitions() *table {
	return &table{
		//              Stopped     Waiting     Spawning     Starting     Running      Stopping        Backoff   Failed      Completed
		onStart:       {begin, nil, nil, nil, nil, startAfterStop, startNow, begin, begin},
		onStop:        {nil, settleDown, takeDown, takeDown, takeDown, stayDown, settleDown, settleDown, settleDown},
		onRestart:     {begin, begin, cycle, cycle, cycle, startAfterStop, startNow, begin, begin},
		onPause:       {refuse, refuse, refuse, freeze, freeze, refuse, refuse, refuse, refuse},
		onResume:      {refuse, refuse, nil, thaw, thaw, nil, refuse, refuse, refuse},
		onSpawned:     {nil, nil, spawned, nil, nil, notePID, nil, nil, nil},
		onSpawnFailed: {nil, nil, spawnFailed, spawnFailed, spawnFailed, goneWhileStopping, nil, nil, nil},
		onExited:      {nil, nil, exited, exited, exited, goneWhileStopping, nil, nil, nil},
		onPostStart:   {nil, nil, nil, postStarted, nil, nil, nil, nil, nil},
		onPreStop:     {nil, nil, nil, nil, nil, preStopped, nil, nil, nil},
		onStartup:     {nil, nil, nil, startupProbed, nil, nil, nil, nil, nil},
		onLiveness:    {nil, nil, nil, nil, livenessProbed, nil, nil, nil, nil},
		onReadiness:   {nil, nil, nil, nil, readinessProbed, readinessProbed, nil, nil, nil},
		onTimer:       {nil, nil, nil, nil, nil, stopLonger, backoffOver, nil, nil},
		onReset:       {nil, nil, nil, nil, forgetFailures, nil, nil, nil, nil},
	}
}

// dispatch finds the program and drops what belongs to the past: another generation, or a timer that was replaced.
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

// request is a verb for one program or, in the order of their dependencies, for all.
func (s *Service) request(r Request) {
	switch {
	case s.phase >= Ending:
		s.emit(Refused{Program: r.Program, Reason: "the service is shutting down"})
		return
	case r.Program != "":
		s.ask(r, r.Program)
		return
	}
	switch r.Verb {
	case Restart:
		s.restartAll(r)
	case Stop:
		for _, p := range s.programs {
			s.want(p, false) // all at once: a stop waits for dependents that are going down too
		}
		for i := len(s.programs) - 1; i >= 0; i-- {
			s.ask(r, s.programs[i].Name)
		}
	default:
		for _, p := range s.programs {
			r.Program = p.Name
			s.ask(r, p.Name)
		}
	}
}

func (s *Service) ask(r Request, name string) {
	p := s.byName[name]
	if p == nil {
		s.emit(Refused{Program: name, Reason: "there is no such program"})
		return
	}
	if p.State == Stopping && p.AfterStop == Remove && (r.Verb == Start || r.Verb == Restart) {
		s.emit(Refused{Program: name, Reason: "it is on its way out: it is no longer in the definition"})
		return
	}
	if r.Verb == Pause && p.Paused || r.Verb == Resume && p.State.Alive() && !p.Paused {
		return // as asked already
	}
	switch r.Verb {
	case Start, Restart:
		s.want(p, true)
	case Stop:
		s.want(p, false)
	}
	if act := s.table[onStart+kind(r.Verb)][p.State]; act != nil {
		act(s, p, r)
	}
}

func (s *Service) want(p *Program, wanted bool) {
	if p.Wanted != wanted {
		p.Wanted = wanted
		s.emit(WantedChanged{Program: p.Name, Wanted: wanted})
	}
}

func (s *Service) emit(e Effect) { s.out = append(s.out, e) }

// tell records a decision and its reason, and lets the world know.
func (s *Service) tell(p *Program, kind, reason string) {
	p.Reason = reason
	s.emit(Tell{Program: p.Name, Generation: p.Generation, Kind: kind, Reason: reason, PID: p.PID})
}

// arm sets the program's timer; whatever was armed before is stale from now on.
func (s *Service) arm(p *Program, after time.Duration) {
	p.Serial++
	s.emit(SetTimer{Program: p.Name, Serial: p.Serial, After: max(after, 0)})
}

func (s *Service) disarm(p *Program) { p.Serial++ }
