package supervisor

import (
	"slices"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/supervisor/asyncwriter"
	"github.com/daruma-sh/daruma/internal/supervisor/stopped"
)

// stoppedPrograms is which programs are stopped by order: kept in a file, because it is to outlive the keeper.
type stoppedPrograms struct {
	starting bool     // the service's programs are being started, one after the other
	outdated bool     // somebody ordered something since names were gathered
	names    []string // as they are in the file, or soon will be
	writer   asyncwriter.Latest[[]string]
}

// loadStopped reads what an earlier keeper's supervisor left. A service that nobody hosts is started by a person, who wants all of it.
func (s *supervisor) loadStopped() {
	if !s.hello.Hosted {
		return
	}
	s.stopped.outdated = true
	s.stopped.names = stopped.Load(s.place.State)
	s.stopped.writer.Write = func(names []string) {
		if err := stopped.Save(s.place.State, names); err != nil {
			s.mailbox.Post(func() { s.log.Warn("programs that are stopped by order", "error", err) })
		}
	}
}

// startWanted starts every program but those that somebody has stopped. Programs that wait for one of them go on waiting.
func (s *supervisor) startWanted() {
	const reason = "start of the service"
	if len(s.stopped.names) == 0 {
		s.step(engine.Request{Verb: engine.Start, Reason: reason})
		return
	}
	s.log.Info("programs that were stopped by order stay stopped", "programs", s.stopped.names)
	s.stopped.starting = true // what isn't started yet isn't wanted yet, and is no program that somebody stopped
	for _, name := range s.knownPrograms() {
		if !slices.Contains(s.stopped.names, name) {
			s.step(engine.Request{Verb: engine.Start, Program: name, Reason: reason})
		}
	}
	s.stopped.starting = false
}

// saveStopped saves which programs are stopped by order, where that has changed. Those that stop because the service ends aren't.
func (s *supervisor) saveStopped() {
	if !s.stopped.outdated || s.stopped.starting || !s.hello.Hosted || s.engine.Phase() >= engine.Ending {
		return
	}
	s.stopped.outdated = false
	var names []string
	for _, p := range s.engine.Programs() {
		if !p.Wanted && s.def.Program(p.Name) != nil {
			names = append(names, p.Name)
		}
	}
	if !slices.Equal(names, s.stopped.names) {
		s.stopped.names = names
		s.stopped.writer.Set(names)
	}
}
