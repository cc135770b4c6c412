package supervisor

import (
	"cmp"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/reserve"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
)

// keptDescriptors is how many descriptors logs, incidents, probes and status requests may need at once.
const keptDescriptors = 32

// spawn asks the keeper for a run. What can be found wrong before the kernel is asked is found here, with a better message.
func (s *supervisor) spawn(e engine.Spawn) {
	if err := reserve.Descriptors(keptDescriptors); err != nil {
		s.spawnFailed(e.Program, e.Generation, err)
		return
	}
	if _, err := s.sink(e.Def); err != nil {
		s.spawnFailed(e.Program, e.Generation, err)
		return
	}
	plan, err := s.plan(e.Def, e.Def.Command)
	if err == nil {
		err = s.refuseGuarded(e.Def)
	}
	if err != nil {
		s.spawnFailed(e.Program, e.Generation, err)
		return
	}
	for _, l := range e.Def.Listen {
		plan.ListenNames = append(plan.ListenNames, l.Name)
		s.sockets.Open(s.ctx, l)
	}
	plan.Env = watchdogEnv(plan.Env, e.Def)
	s.link.Send(&wire.Spawn{
		ID: e.Program, Generation: e.Generation, Grant: grantOf(e.Grant),
		Spec: wire.Spec{Plan: launch.Encode(plan), Split: e.Def.Logs.Format == definition.JSON, Notify: e.Def.Notifies(),
			OpenStdin: e.Def.Stdin == definition.StdinOpen},
	})
}

// spawnFailed reports through the mailbox: the engine isn't stepped while the effects of a step are carried out.
func (s *supervisor) spawnFailed(program string, generation uint64, err error) {
	s.mailbox.Post(func() {
		s.step(engine.SpawnFailed{Program: program, Generation: generation, Error: err.Error()})
	})
}

// sink opens the program's log, or gives it the settings of a changed definition.
func (s *supervisor) sink(def *definition.Program) (*logs.Sink, error) {
	sink, err := s.store.Program(def.Name, logfile.Settings{
		Format: logfile.Format(def.Logs.Format), MaxSize: def.Logs.MaxSize, MaxAge: def.Logs.MaxAge,
		MaxFiles: def.Logs.MaxFiles, Compress: def.Logs.Compress, Encoding: def.Logs.Encoding,
	})
	if err != nil {
		return nil, err
	}
	s.runtimeOf(def.Name).sink = sink
	return sink, nil
}

// plan says how to start a command as this program by the definition in force.
func (s *supervisor) plan(def *definition.Program, command []string) (*launch.Plan, error) {
	if err := s.bounds.Check(s.def.Name, def); err != nil { // the kernel would say: operation not permitted
		return nil, err
	}
	return launchplan.New(s.def, def, command)
}

// nextSignalAfter is how long the keeper waits for a program to follow its stop signal before it tries the next way to ask, where the
// system has one (Windows): half of what is left of the grace period.
func (s *supervisor) nextSignalAfter(e engine.Signal) time.Duration {
	p := s.engine.Program(e.Program)
	if p == nil {
		return 0
	}
	grace := cmp.Or(p.StopGrace, e.Def.TerminationGracePeriod)
	return max(grace-(p.SignalAt-p.StopStart), 0) / 2
}
