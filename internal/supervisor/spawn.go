package supervisor

import (
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/reserve"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
)

// keptDescriptors is what logs, incidents, probes and those who ask for the status may need at once.
const keptDescriptors = 32

// spawn orders a run. What is wrong with it before anything was asked of the kernel is said in better words here.
func (s *supervisor) spawn(e engine.Spawn) {
	if err := reserve.Descriptors(keptDescriptors); err != nil {
		s.spawnFailed(e.Program, e.Generation, err)
		return
	}
	if _, err := s.sink(e.Def); err != nil {
		s.spawnFailed(e.Program, e.Generation, err)
		return
	}
	plan, err := launchplan.New(s.def, e.Def, e.Def.Command)
	if err != nil {
		s.spawnFailed(e.Program, e.Generation, err)
		return
	}
	for _, l := range e.Def.Listen {
		plan.ListenNames = append(plan.ListenNames, l.Name)
		s.bind(l)
	}
	plan.Env = watchdogEnv(plan.Env, e.Def)
	s.link.Send(&wire.Spawn{
		ID: e.Program, Generation: e.Generation, Grant: grantOf(e.Grant),
		Spec: wire.Spec{Plan: launch.Encode(plan), Split: e.Def.Logs.Format == definition.JSON, Notify: e.Def.Notifies()},
	})
}

// spawnFailed comes back through the mailbox: the engine is never stepped inside one of its own steps' effects.
func (s *supervisor) spawnFailed(program string, generation uint64, err error) {
	s.mailbox.Post(func() {
		s.step(engine.SpawnFailed{Program: program, Generation: generation, Error: err.Error()})
	})
}

// sink opens the program's log, or gives it the settings of a changed definition.
func (s *supervisor) sink(def *definition.Program) (*logs.Sink, error) {
	sink, err := s.store.Program(def.Name, logs.Settings{
		Format: logs.Format(def.Logs.Format), MaxSize: def.Logs.MaxSize, MaxAge: def.Logs.MaxAge,
		MaxFiles: def.Logs.MaxFiles, Compress: def.Logs.Compress,
	})
	if err != nil {
		return nil, err
	}
	s.runtimeOf(def.Name).sink = sink
	return sink, nil
}

// bind asks the keeper for a socket that isn't there yet, or whose address changed. The keeper answers before it
// obeys the Spawn that follows.
func (s *supervisor) bind(l definition.Listener) {
	address, err := literal(s.ctx, l.Network, l.Address)
	if err != nil {
		if s.sockets[l.Name] == nil { // else the one that is open goes on
			s.sockets[l.Name] = &socket{network: l.Network, address: l.Address, err: err.Error()}
		}
		return
	}
	have := s.sockets[l.Name]
	if have != nil && have.err == "" && have.network == l.Network && have.address == address {
		return
	}
	if have != nil && have.err == "" {
		s.link.Send(&wire.Unlisten{Name: l.Name})
	}
	s.sockets[l.Name] = &socket{network: l.Network, address: address}
	s.link.Send(&wire.Listen{Name: l.Name, Network: l.Network, Address: address})
}

// dropSockets closes the sockets that no program of the definition names.
func (s *supervisor) dropSockets() {
	wanted := map[string]bool{}
	for i := range s.def.Programs {
		for _, l := range s.def.Programs[i].Listen {
			wanted[l.Name] = true
		}
	}
	for name := range s.sockets {
		if !wanted[name] {
			delete(s.sockets, name)
			s.link.Send(&wire.Unlisten{Name: name})
		}
	}
}

// bindError puts the reason why a socket couldn't be bound in place of "there is no such socket".
func (s *supervisor) bindError(program string) string {
	p := s.engine.Program(program)
	if p == nil {
		return ""
	}
	for _, l := range p.Def.Listen {
		if k := s.sockets[l.Name]; k != nil && k.err != "" {
			return "listen." + l.Name + ": " + k.err
		}
	}
	return ""
}
