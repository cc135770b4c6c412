package supervisor

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// reload reads the definition again and takes it as a whole; where anything is wrong with it the old one stays in force.
func (s *supervisor) reload(why string) control.Answer {
	def, err := s.readDefinition(s.state.File, s.def.Name)
	if err != nil {
		problems, place := problems(err)
		s.events.PublishPlain(control.Event{Kind: control.EventReloadRefused, Reason: why + "; " + countErrors(problems)},
			why+"; "+place)
		s.noteDefinition(noteRefused)
		return control.Answer{Errors: problems, Results: []control.ProgramResult{}}
	}
	s.noteDefinition("")
	c := definition.Changed(s.def, def)
	answer := &control.ReloadResult{
		Added: orEmpty(c.Added), Removed: orEmpty(c.Removed), Restarted: orEmpty(c.Restarted), Updated: orEmpty(c.Updated),
		Unchanged: orEmpty(c.Unchanged),
	}
	s.def, s.refusal, s.guarded = def, nil, nil
	s.countOpenFiles()
	s.publish(control.Event{Kind: control.EventReloaded, Reason: fmt.Sprintf("%s: %d added, %d removed, %d restarted, %d updated, %d unchanged",
		why, len(c.Added), len(c.Removed), len(c.Restarted), len(c.Updated), len(c.Unchanged))})
	s.updateLogs(c.Updated)
	s.statusOutdated = true
	s.carryOutReload(s.engine.Step(monotonic.Now(), engine.Reload{Definition: def, Restarted: c.Restarted, Updated: c.Updated}))
	s.saveDefinition(def) // after the states that follow from it: after half a reload a successor has the old definition, and a person can reload again
	s.sockets.CloseUnused(s.def)
	s.saveServiceState()
	s.storeLastGood()
	s.letReadersIn()
	return control.Answer{Reload: answer, Results: []control.ProgramResult{}}
}

// updateLogs gives the logs of programs that run on their new settings.
func (s *supervisor) updateLogs(programs []string) {
	for _, name := range programs {
		if s.runtimeOf(name).sink == nil {
			continue // it gets them when it starts
		}
		if _, err := s.sink(s.def.Program(name)); err != nil {
			s.warn("log "+name, "the log of "+name+" keeps its old settings: "+err.Error())
		}
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
