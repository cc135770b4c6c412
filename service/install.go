package service

import (
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/verbs"
	"github.com/daruma-sh/daruma/service/manager"
)

// Install is what the verb install asks of the system's service manager. The zero value is a service that starts at boot
// and is restarted whenever it fails. Account: LocalSystem on Windows, root on Linux.
type Install struct {
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
	// WorkingDir is an absolute path, on Linux alone: Windows starts every service in its system folder.
	WorkingDir string
	// Recovery is what happens when the service fails.
	Recovery Recovery
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

// Recovery is what the service manager does when the service fails: crashes, exits with an error, hangs. The zero value
// restarts it after 1 s, for ever; on Windows after 1 s, 5 s, then 60 s where one failure follows the other.
type Recovery struct {
	// Delays before the first, second … restart, 0 to 49 days; the last one repeats. Linux: the first alone, always.
	Delays []time.Duration
	// ResetAfter this long without a failure the delays begin anew; 0: two minutes. Windows alone.
	ResetAfter time.Duration
	// CrashesOnly leaves the service down when it ends in good order with an exit code other than 0.
	CrashesOnly bool
	// Never leaves it down in any case.
	Never bool
}

func (r Recovery) manager() manager.Recovery {
	want := manager.DefaultRecovery()
	if r.Never {
		return manager.Recovery{}
	}
	if len(r.Delays) > 0 {
		want.Delays = r.Delays
	}
	if r.ResetAfter != 0 {
		want.ResetAfter = r.ResetAfter
	}
	want.OnNonCrash = !r.CrashesOnly
	return want
}

// verbs is the service as the verbs of the command line know it.
func (s Service) verbs() verbs.Service {
	withDefaults := s.withDefaults()
	return verbs.Service{Name: s.Name, Description: s.Description, Version: s.Version, Install: s.spec(), Role: s.role(), Check: s.check,
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
		WorkingDir:         s.Install.WorkingDir,
		Env:                s.Install.Env,
		StartType:          manager.StartType(s.Install.StartType),
		DependsOn:          s.Install.DependsOn,
		Recovery:           s.Install.Recovery.manager(),
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
