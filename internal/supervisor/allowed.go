package supervisor

import (
	"os"
	"slices"

	"github.com/daruma-sh/daruma/internal/confine"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
)

// Read is the life of the process that reads the definition for the keeper: it writes to its file 3 what the definition allows, and ends.
// It takes the definition that a supervisor takes at its start; hosted says that a service manager hosts the service. It gives the exit code.
func Read(cfg Config, hosted bool) int {
	confine.Self(false)
	out := os.NewFile(3, "keeper")
	m := allowed(cfg, hosted)
	frame := wire.AppendFrame(nil, m, 0)
	if len(frame) > wire.MaxFrame {
		frame = wire.AppendFrame(nil, &wire.Allowed{Error: "the definition is too large: its commands and variables exceed 16 MiB"}, 0)
	}
	if _, err := out.Write(frame); err != nil {
		return printError(err)
	}
	return 0
}

func allowed(cfg Config, hosted bool) *wire.Allowed {
	place, err := folders.Of(cfg.Service)
	if err != nil {
		return &wire.Allowed{Error: err.Error()}
	}
	s := &supervisor{cfg: cfg, place: place, hello: &wire.Hello{Hosted: hosted}}
	if err := s.takeDefinition(&inheritance{}); err != nil {
		return &wire.Allowed{Error: err.Error()}
	}
	l := newAllowList()
	for i := range s.def.Programs {
		l.program(s.def, &s.def.Programs[i])
	}
	if set, _ := readers.Of(s.def.Control.Readers); !set.Empty() {
		l.Sockets = append(l.Sockets, wire.AllowedSocket{Network: wire.Readers, Address: set.String()})
	}
	return &l.Allowed
}

// allowList collects what a definition allows.
type allowList struct {
	wire.Allowed
	own    map[string]bool // daruma's own variables; true: a program gets it, and it is in Env
	socket map[string]bool // names so far
}

func newAllowList() *allowList {
	l := &allowList{own: map[string]bool{}, socket: map[string]bool{}}
	for _, v := range os.Environ() {
		l.own[v] = false
	}
	return l
}

// program adds everything that is started for a program.
func (l *allowList) program(def *definition.Service, p *definition.Program) {
	l.command(def, p, p.Name, p.Command)
	for kind, probe := range map[engine.ProbeKind]*definition.Probe{
		engine.StartupProbe: p.StartupProbe, engine.LivenessProbe: p.LivenessProbe, engine.ReadinessProbe: p.ReadinessProbe,
	} {
		if probe != nil {
			l.handler(def, p, kind.String(), &probe.Handler)
		}
	}
	l.handler(def, p, tasks.PostStart, p.PostStart)
	l.handler(def, p, tasks.PreStop, p.PreStop)
	l.handler(def, p, tasks.OnResume, p.OnResume)
	for i := range p.OnControl {
		l.handler(def, p, tasks.OnControl(p.OnControl[i].Code), &p.OnControl[i].Handler)
	}
	for _, s := range p.Listen {
		if !l.socket[s.Name] {
			l.socket[s.Name] = true
			l.Sockets = append(l.Sockets, wire.AllowedSocket{Name: s.Name, Network: s.Network, Address: s.Address})
		}
	}
}

func (l *allowList) handler(def *definition.Service, p *definition.Program, kind string, h *definition.Handler) {
	if h != nil && h.Exec != nil {
		l.command(def, p, tasks.ID(p.Name, kind), h.Exec.Command)
	}
}

func (l *allowList) command(def *definition.Service, p *definition.Program, id string, command []string) {
	plan, paths := launchplan.Frame(def, p, command)
	if id == p.Name {
		for _, s := range p.Listen {
			plan.ListenNames = append(plan.ListenNames, s.Name)
		}
		plan.Env = watchdogEnv(plan.Env, p)
	}
	plan.Env = slices.DeleteFunc(plan.Env, func(v string) bool {
		shared, own := l.own[v]
		if own && !shared {
			l.own[v] = true
			l.Env = append(l.Env, v)
		}
		return own
	})
	l.Programs = append(l.Programs, wire.AllowedRun{
		ID: id, Plan: launch.Encode(plan), Paths: paths, EnvFiles: len(p.EnvFiles) > 0,
		User: p.Security.RunAsUser, Group: p.Security.RunAsGroup, Supplemental: p.Security.SupplementalGroups,
	})
}
