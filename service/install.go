package service

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/verbs"
	"github.com/daruma-sh/daruma/service/manager"
)

// InstallOptions are what [Install] and the verb install ask of the system's service manager. The zero value is a service that starts at
// boot, runs as LocalSystem or root, and is restarted whenever it fails.
type InstallOptions struct {
	// StartType is when the service starts by itself. The option --start-type of the verb install overrules it.
	StartType StartType
	// DependsOn are the names of services that start first. Linux: a unit of another kind with its suffix
	// (network-online.target); they are wanted, and one that fails doesn't keep this one from starting. Windows: the
	// service doesn't start unless they run.
	DependsOn []string
	// Arguments are appended to the command line, see Host.Arguments.
	Arguments []string
	// Env is added to the environment, each entry NAME=VALUE. Anybody on the machine can read it: no secrets.
	Env []string
	// WorkingDir is an absolute path.
	WorkingDir string

	// Account is who the service runs as: "" (LocalSystem, root; an installed service keeps the one it has on Windows), one of the constants
	// Account… of package manager, such as manager.AccountVirtual, which has few rights and no password, or a user's name. It must be able to
	// read the executable. The option --account of the verb install overrules it.
	Account string
	// Password is that of an account that needs one: see manager.NeedsPassword. It goes to the service manager alone. "": the one it has.
	Password manager.Password

	// RestartPolicy is what happens when the service fails.
	RestartPolicy RestartPolicy
	// RestartDelays are the times before the first, second … restart, 0 to 49 days; the last one repeats. Linux: the first alone, always.
	// None: 1 s; on Windows 1 s, 5 s, then 60 s where one failure follows the other.
	RestartDelays []time.Duration
	// RestartResetAfter this long without a failure the delays begin anew; 0: two minutes. Windows alone.
	RestartResetAfter time.Duration

	// Overwrite takes over a service of this name that something else installed. The option --overwrite does the same.
	Overwrite bool
}

// StartType is when a service starts by itself.
type StartType uint8

const (
	// StartAutomatic starts with the system, before anyone logs on.
	StartAutomatic StartType = iota
	// StartDelayed starts about two minutes after the system, out of the way of what is needed first. Linux: by a timer.
	StartDelayed
	// StartManual starts when told to, or when a service that depends on it starts.
	StartManual
	// StartDisabled doesn't start, not even when told to.
	StartDisabled
)

// String is the word that --start-type takes: automatic, delayed, manual or disabled.
func (t StartType) String() string { return manager.StartType(t).String() }

// RestartPolicy is whether the service manager starts a service again that failed: crashed, exited with an error, hung.
type RestartPolicy uint8

const (
	// RestartOnFailure starts it again after every failure, for ever.
	RestartOnFailure RestartPolicy = iota
	// RestartOnCrash leaves it down when it ended in good order with an exit code other than 0.
	RestartOnCrash
	// RestartNever leaves it down in any case.
	RestartNever
)

var restartPolicies = [...]string{RestartOnFailure: "on failure", RestartOnCrash: "on crash", RestartNever: "never"}

// String gives the policy in words.
func (p RestartPolicy) String() string {
	if int(p) < len(restartPolicies) {
		return restartPolicies[p]
	}
	return fmt.Sprintf("restart policy %d", uint8(p))
}

// MarshalText gives the policy in words, so that they stand in JSON, a log's too.
func (p RestartPolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// recovery is what the service manager is to do upon a failure.
func (o InstallOptions) recovery() manager.Recovery {
	want := manager.DefaultRecovery()
	if o.RestartPolicy == RestartNever {
		return manager.Recovery{}
	}
	if len(o.RestartDelays) > 0 {
		want.Delays = o.RestartDelays
	}
	if o.RestartResetAfter != 0 {
		want.ResetAfter = o.RestartResetAfter
	}
	want.OnNonCrash = o.RestartPolicy != RestartOnCrash
	return want
}

// verbs is the service as the verbs of the command line know it.
func (s Service) verbs() verbs.Service {
	withDefaults := s.withDefaults()
	return verbs.Service{Name: s.Name, Description: s.Description, Version: s.Version, Install: s.spec(), Overwrite: s.Install.Overwrite, Role: s.role(), Check: s.check,
		StartTimeout: withDefaults.StartTimeout, StopTimeout: withDefaults.StopTimeout}
}

// role are the first arguments of the installed service's command line.
func (s Service) role() []string { return []string{roleService, s.Name} }

// spec makes what the service manager installs, but for the executable.
func (s Service) spec() manager.Spec {
	s = s.withDefaults()
	spec := manager.Spec{
		Name: s.Name, DisplayName: s.DisplayName, Description: s.Description,
		Arguments:          append(s.role(), s.Install.Arguments...),
		WorkingDir:         managersWorkingDir(s.Install.WorkingDir),
		Env:                s.Install.Env,
		StartType:          manager.StartType(s.Install.StartType),
		DependsOn:          s.Install.DependsOn,
		Account:            s.Install.Account,
		Password:           s.Install.Password,
		Recovery:           s.Install.recovery(),
		StartTimeout:       s.StartTimeout + platform.Grace,
		StopTimeout:        s.StopTimeout + platform.Grace,
		PreShutdownTimeout: s.StopTimeout + platform.Grace,
		Watchdog:           max(0, s.Watchdog),
	}
	if s.OnReload != nil {
		spec.Notify = manager.NotifyReload
	}
	if s.DisplayName == s.Name {
		spec.DisplayName = "" // withDefaults' doing
	}
	return spec
}
