package supervisor

import (
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
	"github.com/daruma-sh/daruma/internal/supervisor/usage"
)

// Status implements control.Backend.
func (b backend) Status(ctx context.Context) (control.Status, error) {
	type snapshot struct {
		control.Status
		def    *definition.Service
		cgroup string
	}
	ch := make(chan snapshot, 1)
	b.s.mailbox.Post(func() { ch <- snapshot{b.s.status(), b.s.def, b.s.hello.Cgroup} })
	select {
	case snapshot := <-ch: // reading files is left to the asker's goroutine
		st := snapshot.Status
		b.s.addDefinition(&st, snapshot.def)
		b.s.addReplaced(&st)
		addUsage(&st, snapshot.cgroup)
		return st, nil
	case <-ctx.Done():
		return control.Status{}, ctx.Err()
	case <-b.s.ctx.Done():
		return control.Status{}, context.Cause(b.s.ctx)
	}
}

// Alive implements control.Backend.
func (b backend) Alive(ctx context.Context) (service string, err error) {
	ch := make(chan string, 1)
	b.s.mailbox.Post(func() { ch <- b.s.def.Name })
	select {
	case service = <-ch:
		return service, nil
	case <-ctx.Done():
		return "", ctx.Err()
	case <-b.s.ctx.Done():
		return "", context.Cause(b.s.ctx)
	}
}

// addUsage reads what the programs' processes use.
func addUsage(st *control.Status, cgroup string) {
	var mains []usage.Main
	for i := range st.Programs {
		if p := &st.Programs[i]; p.PID != 0 {
			mains = append(mains, usage.Main{Program: p.Name, PID: p.PID})
		}
	}
	trees := usage.Of(cgroup, mains)
	for i := range st.Programs {
		p := &st.Programs[i]
		t := trees[p.Name]
		p.CPUSeconds, p.MemoryBytes, p.Processes, p.OpenFiles = t.CPU.Seconds(), t.Memory, t.Processes, t.Files
	}
}

func (s *supervisor) status() control.Status {
	now := monotonic.Now()
	st := control.Status{
		Service: s.def.Name, DisplayName: s.def.DisplayName, Version: s.runs.Version, KeeperVersion: s.hello.Version,
		SupervisorPID: os.Getpid(), KeeperPID: s.hello.KeeperPID, DefinitionFile: s.state.File,
		StartedAt: s.state.StartedAt, UptimeSeconds: (now - s.state.Started).Seconds(),
		SupervisorSince: s.since, SupervisorRestarts: int(s.hello.Sessions - s.hello.UpgradeSessions), Upgrade: s.lastUpgrade(),
		Programs: []control.ProgramStatus{},
	}
	for _, text := range s.warnings {
		st.Warnings = append(st.Warnings, text)
	}
	if text := s.incidents.Problem(); text != "" {
		st.Warnings = append(st.Warnings, text)
	}
	slices.Sort(st.Warnings)
	for _, p := range s.engine.Programs() {
		st.Programs = append(st.Programs, s.programStatus(p, now))
	}
	return st
}

func (s *supervisor) programStatus(p *engine.Program, now time.Duration) control.ProgramStatus {
	rt := s.runtimeOf(p.Name)
	ps := control.ProgramStatus{
		Name: p.Name, Wanted: p.Wanted, State: stateOf(p), Ready: p.Ready, Healthy: p.Healthy, Paused: p.Paused,
		Generation: int(p.Generation), PID: p.PID, Restarts: p.Restarts, Reason: p.Reason,
		RestartsBy: maps.Clone(p.RestartsBy), // the engine goes on counting in its own
	}
	if p.State.Alive() && p.PID != 0 {
		ps.StartedAt = rt.wall
		ps.UptimeSeconds = (now - p.StartedAt).Seconds()
	}
	if p.State == engine.Backoff {
		ps.NextRestartAt = time.Now().Add(p.NextStart - now)
	}
	if x := p.LastExit; x != nil {
		ps.LastExit = &control.Exit{At: time.Now().Add(x.At - now), Words: x.String()}
		switch {
		case x.Signal != 0:
			ps.LastExit.Signal = signals.Name(x.Signal)
		case x.Error == "":
			code := x.Code
			ps.LastExit.Code = &code
		}
	}
	for _, w := range rt.probes {
		last := w.worker.Last()
		ps.Probes = append(ps.Probes, control.ProbeStatus{
			Kind: []string{"startup", "liveness", "readiness"}[w.kind], OK: last.Healthy, At: last.At,
			Failures: last.Failures, Message: last.Result.Message,
			Probes: last.Probes, Failed: last.Failed, DurationSeconds: last.Result.Duration.Seconds(),
		})
	}
	if rt.notify != nil {
		ps.StatusText = rt.notify.State.Status
	}
	if rt.sink != nil {
		stats := rt.sink.Stats()
		ps.LogBytes, ps.LogLost = stats.Captured, stats.Lost
	}
	return ps
}

func stateOf(p *engine.Program) control.State {
	if p.Paused && p.State.Alive() {
		return control.StatePaused
	}
	return control.State(p.State.String())
}

// knownPrograms are the names of the programs that the engine knows, also of those that are leaving the definition.
func (s *supervisor) knownPrograms() []string {
	var names []string
	for _, p := range s.engine.Programs() {
		names = append(names, p.Name)
	}
	return names
}

func programNames(def *definition.Service) []string {
	var names []string
	for i := range def.Programs {
		names = append(names, def.Programs[i].Name)
	}
	return names
}
