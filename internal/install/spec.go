package install

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/internal/namedfiles"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/service/manager"
)

// watchdog is how long systemd waits for a sign of life of the keeper's process. The keeper itself takes two minutes to find that
// its loop hangs, and then says why: so it is to be first.
const watchdog = 3 * time.Minute

const homepage = "https://github.com/daruma-sh/daruma"

// mountsOf gives the folders of what the service needs: daruma, the definition, and what that names. State, logs and sockets have
// theirs without being named (systemd.exec(5), StateDirectory=); what is below /usr and /etc is there before any service.
func mountsOf(def *definition.Service, executable, path string) (folders []string) {
	add := func(path string) {
		early := slices.ContainsFunc([]string{"/usr/", "/bin/", "/sbin/", "/lib/", "/etc/"}, func(prefix string) bool { return strings.HasPrefix(path+"/", prefix) })
		if filepath.IsAbs(path) && filepath.Dir(path) != path && !early && !slices.Contains(folders, path) {
			folders = append(folders, path)
		}
	}
	add(filepath.Dir(executable))
	for _, f := range namedfiles.Files(def, path) {
		if f.Use == namedfiles.Enters {
			add(f.Path)
		} else {
			add(filepath.Dir(f.Path))
		}
	}
	slices.Sort(folders)
	return folders
}

// servicePath is the PATH that a service finds, which isn't that of whoever installs it; own is what install gives it with --env.
func servicePath(own []string) string {
	path, _ := Environment(own)("PATH")
	return path
}

// specOf translates a definition into what the service manager shall know. t are its times.
func specOf(def *definition.Service, executable string, t Times, env, privileges []string) (manager.Spec, error) {
	start := manager.Automatic
	if err := start.UnmarshalText([]byte(def.StartType)); err != nil {
		return manager.Spec{}, err
	}
	spec := manager.Spec{
		Name: def.Name, DisplayName: def.DisplayName, Description: def.Description,
		Executable: executable,
		Arguments:  hosting.CommandLine(def.Name, def.File, t.Start, t.Stop),
		Env:        env,
		// The definition's address is of use to whoever comes upon the service in systemctl status.
		Documentation: []string{homepage, (&url.URL{Scheme: "file", Path: filepath.ToSlash(def.File)}).String()},
		Mounts:        mountsOf(def, executable, servicePath(env)),
		Account:       def.Account,
		Supervision:   supervisionOf(def, privileges),
		StartType:     start, DependsOn: def.DependsOn,
		Recovery: manager.DefaultRecovery(),
		Notify:   manager.NotifyReady,
		// Not notify-reload: its READY=1 can't say that a definition was refused.
		ReloadArguments: hosting.ReloadCommandLine(def.Name),
		// Later than the host's own deadlines: when one of those is over, the host can say why.
		StartTimeout: t.Start + 2*hosting.StartMargin, StopTimeout: t.Stop + stopMargin, PreShutdownTimeout: t.Stop + stopMargin,
		Watchdog: watchdog,
	}
	if def.DisplayName == def.Name {
		spec.DisplayName = "" // the definition's default
	}
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return spec, err
		}
		spec.Env = append(spec.Env, "DARUMA_HOME="+abs)
		spec.Supervision.Folders = ""
	}
	return spec, nil
}

// leastPrivileges is what the keeper and most programs need of Windows: nothing but to pass folders that they may not list, and
// what every user has anyway. A job object, processes of its own account, pipes and listening take none. Without SeImpersonate
// and SeAssignPrimaryToken a program that is broken into can't become its callers.
func leastPrivileges() []string {
	return []string{"SeChangeNotifyPrivilege", "SeIncreaseWorkingSetPrivilege", "SeCreateGlobalPrivilege"}
}

// capabilities are the keeper's, where it isn't root: for a port below 1024 that it is to bind, and for what programs are to have. They go on
// to those programs alone.
func capabilities(def *definition.Service) (list []string) {
	if lowPort(def) {
		list = append(list, "CAP_NET_BIND_SERVICE")
	}
	for i := range def.Programs {
		for _, name := range def.Programs[i].Security.AddCapabilities {
			list = append(list, "CAP_"+name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func supervisionOf(def *definition.Service, privileges []string) manager.Supervision {
	s := manager.Supervision{
		Folders: "daruma/" + def.Name, Delegate: true, OwnSID: true,
		NoRestart: exitcode.NoRestart(), OpenRun: len(def.Control.Readers) > 0,
	}
	if def.Account != manager.AccountSystem { // who asks for SYSTEM asks for its privileges
		s.Privileges = leastPrivileges()
		if isObserver(def) {
			s.Groups = access.Groups(readers.Observer)
		}
		if group := access.FilesGroup(def.Name, def.Account, readFiles(def)); group != "" {
			s.Groups = append(s.Groups, group)
		}
	}
	if len(privileges) > 0 {
		s.Privileges = privileges
	}
	for i := range def.Programs {
		for _, l := range def.Programs[i].Rlimits {
			if s.HardLimits == nil {
				s.HardLimits = map[string]uint64{}
			}
			s.HardLimits[l.Name] = max(s.HardLimits[l.Name], l.Hard)
		}
	}
	s.Capabilities = capabilities(def)
	return s
}
