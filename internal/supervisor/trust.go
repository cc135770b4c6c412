package supervisor

import (
	"errors"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/namedfiles"
)

// unsafe tells what others could change of a definition and of the files that it names, where that would hand them what isn't theirs:
// an installed service, or the rights of root. It may be called in any goroutine.
func (s *supervisor) unsafe(def *definition.Service) error {
	switch {
	case s.hello.Hosted:
		return namedfiles.Check(def, namedfiles.AsInstalled)
	case access.Privileged() && !s.cfg.Unsafe:
		return namedfiles.Check(def, namedfiles.AsCaller)
	}
	return nil
}

// refuseUnsafe refuses a definition at the start. Of a service that somebody hosts, only one that could itself be changed: where it is
// a program's file, that program alone isn't started (guardPrograms), for nobody is there to mend it, and the others are to run.
func (s *supervisor) refuseUnsafe(def *definition.Service) error {
	err := s.unsafe(def)
	var found *namedfiles.UnsafeError
	if s.hello.Hosted && errors.As(err, &found) && !found.OfDefinition() {
		return nil
	}
	return err
}

// guardPrograms finds the programs that aren't started until their files are safe. That is looked at when a definition is taken, not at
// each start.
func (s *supervisor) guardPrograms() {
	if s.def == nil || !s.hello.Hosted {
		return
	}
	var found *namedfiles.UnsafeError
	if errors.As(s.unsafe(s.def), &found) {
		s.guarded = map[string]bool{}
		for _, name := range found.Programs() {
			s.guarded[name] = true
		}
	}
}

// refuseGuarded says why a program isn't started; nil: it may be.
func (s *supervisor) refuseGuarded(p *definition.Program) error {
	if !s.guarded[p.Name] {
		return nil
	}
	err := namedfiles.CheckProgram(s.def, p, namedfiles.AsInstalled)
	if err == nil {
		delete(s.guarded, p.Name)
	}
	return err
}
