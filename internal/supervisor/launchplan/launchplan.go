// Package launchplan says how a program of a definition is started on this machine: executable, environment, user, folder
// and limits. It also says which fields of a definition this machine can't enforce.
package launchplan

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
)

// New makes the plan by which command is started as this program of the service: the program's own command, a hook's or
// an exec probe's. Sockets are the caller's to add.
func New(service *definition.Service, def *definition.Program, command []string) (*launch.Plan, error) {
	p := &launch.Plan{Argv: command, Dir: def.WorkingDir, UID: launch.Leave, GID: launch.Leave}
	sc := def.Security
	account, err := p.Identify(sc.RunAsUser, sc.RunAsGroup, sc.SupplementalGroups)
	if err != nil {
		return nil, fmt.Errorf("securityContext: %w", err)
	}
	p.AddCaps, p.DropCaps = sc.AddCapabilities, sc.DropCapabilities
	p.NoNewPrivs = sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation
	p.Nice, p.Umask = def.Nice, def.Umask
	p.Memory, p.MilliCPU = def.Limits.Memory, def.Limits.MilliCPU
	p.Processes, p.Affinity = def.Limits.Processes, def.Limits.Affinity
	for _, r := range def.Rlimits {
		p.Rlimits = append(p.Rlimits, launch.Rlimit{Name: r.Name, Soft: r.Soft, Hard: r.Hard})
	}
	if p.Env, err = programEnv(service.Name, def, account, p.UID); err != nil {
		return nil, err
	}
	if err := checkFolder(def.WorkingDir); err != nil {
		return nil, err
	}
	if p.Path, err = findExecutable(command[0], service.Dir, lookup(p.Env, "PATH")); err != nil {
		return nil, err
	}
	return p, nil
}
