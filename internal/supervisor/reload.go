package supervisor

import (
	"fmt"
	"slices"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
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
	added, removed, changed, _ := definition.Changed(s.def, def)
	answer := &control.ReloadResult{Added: orEmpty(added), Removed: orEmpty(removed), Restarted: orEmpty(changed), Unchanged: []string{}}
	for i := range def.Programs {
		name := def.Programs[i].Name
		if !slices.Contains(added, name) && !slices.Contains(changed, name) {
			answer.Unchanged = append(answer.Unchanged, name)
		}
	}
	if s.cfg.checked {
		s.link.Send(&wire.DefinitionTaken{}) // before the orders that follow from it
	}
	s.def, s.refusal, s.guarded = def, nil, nil
	s.countOpenFiles()
	s.publish(control.Event{Kind: control.EventReloaded, Reason: fmt.Sprintf("%s: %d added, %d removed, %d restarted, %d unchanged",
		why, len(added), len(removed), len(changed), len(answer.Unchanged))})
	s.step(engine.Reload{Definition: def, Changed: changed})
	s.saveDefinition(def) // after the states that follow from it: after half a reload a successor has the old definition, and a person can reload again
	s.sockets.CloseUnused(s.def)
	s.saveServiceState()
	s.storeLastGood()
	s.letReadersIn()
	return control.Answer{Reload: answer, Results: []control.ProgramResult{}}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
