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
	p := fromDefinition(def, command)
	sc := def.Security
	account, err := p.Identify(sc.RunAsUser, sc.RunAsGroup, sc.SupplementalGroups)
	if err != nil {
		return nil, fmt.Errorf("securityContext: %w", err)
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

// fromDefinition fills in what stands in the definition as it is.
func fromDefinition(def *definition.Program, command []string) *launch.Plan {
	sc := def.Security
	p := &launch.Plan{
		Argv: command, Dir: def.WorkingDir, UID: launch.Leave, GID: launch.Leave,
		AddCaps: sc.AddCapabilities, DropCaps: sc.DropCapabilities,
		NoNewPrivs: sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation,
		Nice:       def.Nice, Umask: def.Umask,
		Memory: def.Limits.Memory, MilliCPU: def.Limits.MilliCPU, Processes: def.Limits.Processes, Affinity: def.Limits.Affinity,
	}
	for _, r := range def.Rlimits {
		p.Rlimits = append(p.Rlimits, launch.Rlimit{Name: r.Name, Soft: r.Soft, Hard: r.Hard})
	}
	return p
}

// Frame gives what [New] would make of the definition alone, whatever the machine has by the time of the start: without the account and
// its variables, without those of envFiles, and with the files that the command's first word may mean instead of the one that is there.
func Frame(service *definition.Service, def *definition.Program, command []string) (p *launch.Plan, paths []string) {
	p = fromDefinition(def, command)
	sc := def.Security
	var who launch.Plan
	account, err := who.Identify(sc.RunAsUser, sc.RunAsGroup, sc.SupplementalGroups)
	if err != nil && sc.RunAsUser != "" {
		who.UID = 0 // any account: it has yet to be made, and what differs is compared by whoever compares
	}
	alone := *def
	alone.EnvFiles = nil
	p.Env, _ = programEnv(service.Name, &alone, account, who.UID) // it fails for envFiles only
	env := p.Env
	if whole, err := programEnv(service.Name, def, account, who.UID); err == nil {
		env = whole // an envFile may set PATH
	}
	for _, path := range candidates(command[0], service.Dir, lookup(env, "PATH")) {
		paths = append(paths, spellings(path)...)
	}
	p.Path = command[0]
	return p, paths
}
