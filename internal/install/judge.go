package install

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/service/manager"
)

// Load reads a definition as the installed service does: own is what install gave it with --env, and systemd gives it its folders.
func Load(file string, own []string) (*definition.Service, error) {
	return asService(own, func(env lookup) (*definition.Service, error) { return definition.Load(file, env) })
}

// lookup looks up an environment variable.
type lookup = func(name string) (value string, ok bool)

// asService has a definition read twice where it uses the service's folders, which are named after it.
func asService(own []string, read func(lookup) (*definition.Service, error)) (*definition.Service, error) {
	environment, uses, name := Environment(own), false, ""
	env := func(variable string) (string, bool) {
		if value, ok := environment(variable); ok {
			return value, true
		}
		value, ok := FolderVariable(variable, name)
		uses = uses || ok
		return value, ok
	}
	def, err := read(env)
	if err != nil || !uses {
		return def, err
	}
	name = def.Name
	return read(env)
}

// Judge reads a definition as the service called name, which was installed like that, will at its next start, and says whether the
// service can run it. check, doctor and restart go by it. bounds are those of its processes, see [BoundsOf].
func Judge(name, file string, installed record.Record, bounds launchplan.Bounds) (*definition.Service, error) {
	def, err := Load(file, installed.Spec.Env)
	if err != nil {
		return nil, err
	}
	if def.Name != name {
		return nil, fmt.Errorf("%s: the service is called %s now", file, def.Name)
	}
	def.Account = cmp.Or(installed.Spec.Account, manager.AccountSystem) // a change of it takes another installation
	if wrong := append(bounds.Refused(def), beyondAccount(def)...); len(wrong) > 0 {
		return nil, wrong
	}
	return def, nil
}

// JudgeInstalled is [Judge] with the bounds that the service manager has for the service now.
func JudgeInstalled(ctx context.Context, name, file string) (*definition.Service, error) {
	place, err := folders.Installed(name)
	if err != nil {
		return nil, err
	}
	installed, err := record.Load(place.Config)
	if err != nil {
		return nil, err
	}
	registered, err := manager.Manager{}.Registration(ctx, name)
	if err != nil {
		return Judge(name, file, installed, launchplan.Bounds{})
	}
	return Judge(name, file, installed, BoundsOf(registered))
}

// InstalledFrom tells whether the service called name was installed with this definition.
func InstalledFrom(name, file string) bool {
	place, err := folders.Installed(name)
	if err != nil {
		return false
	}
	installed, err := record.Load(place.Config)
	path, absErr := filepath.Abs(file)
	return err == nil && absErr == nil && installed.Definition == path
}

// BoundsOf gives what the service manager gives the processes of a service.
func BoundsOf(r manager.Registration) launchplan.Bounds {
	b := launchplan.Bounds{Hard: r.HardLimits, Raise: r.Account == "" || r.Account == "root"}
	if !b.Raise {
		b.Capabilities = &r.Ambient
	}
	return b
}

// dependencyFinder is manager.Manager.
type dependencyFinder interface {
	MissingDependencies(ctx context.Context, names []string) ([]string, error)
}

// MissingDependencies says, a sentence each, which services the definition depends on that aren't there. Where the service manager can't be
// asked it says nothing.
func MissingDependencies(ctx context.Context, services dependencyFinder, def *definition.Service) (said []string) {
	missing, err := services.MissingDependencies(ctx, def.DependsOn)
	if err != nil {
		return nil
	}
	for _, name := range missing {
		said = append(said, "dependsOn: there is no service "+name+": "+withoutDependency)
	}
	return said
}
