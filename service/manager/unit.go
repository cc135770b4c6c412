package manager

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// delayedStart is what Windows waits with a delayed start unless told otherwise (AutoStartDelay): 120 s.
const delayedStart = 2 * time.Minute

// serviceUnit is the unit of spec for a systemd of this version; remarks tell what the version can't do.
func serviceUnit(s Spec, version int) (u unitfile.Unit, remarks []string) {
	u.Add("Unit", "Description", unitfile.Text(unitDescription(s)))
	u.Add("Unit", "Documentation", unitfile.Path(strings.Join(s.Documentation, " ")))
	var wants []string
	for _, name := range s.DependsOn {
		wants = append(wants, dependencyUnit(name))
	}
	u.Add("Unit", "Wants", strings.Join(wants, " "))
	// At shutdown the order is the reverse: the network is there until the service has stopped.
	after := []string{"network.target"}
	if len(s.Mounts) > 0 && version < 256 {
		after = append(after, "remote-fs.target")
	}
	for _, name := range wants {
		if !slices.Contains(after, name) {
			after = append(after, name)
		}
	}
	u.Add("Unit", "After", strings.Join(after, " "))
	if version >= 256 {
		var paths []string
		for _, path := range s.Mounts {
			paths = append(paths, unitfile.Word(path))
		}
		u.Add("Unit", "WantsMountsFor", strings.Join(paths, " "))
	}
	// Without it systemd gives up after five starts in ten seconds, and for ever.
	u.Add("Unit", "StartLimitIntervalSec", "0")
	if s.StartType == Disabled {
		// A unit in /etc can't be masked. The first refuses whoever asks, the second those that depend on it.
		u.Add("Unit", "RefuseManualStart", "yes")
		u.Add("Unit", "AssertPathExists", "!/")
	}
	remarks = append(remarks, execution(&u, s, version)...)
	supervision(&u, s, version)
	recovery(&u, s.Recovery)
	// The main process gets the signal and decides in what order its children end; what is left gets SIGKILL.
	u.Add("Service", "KillMode", "mixed")
	u.AddTime("Service", "TimeoutStartSec", s.StartTimeout)
	u.AddTime("Service", "TimeoutStopSec", s.StopTimeout)
	u.AddTime("Service", "WatchdogSec", s.Watchdog)
	switch s.StartType {
	case Automatic, Manual: // so that systemctl enable works on a manual one
		u.Add("Install", "WantedBy", "multi-user.target")
	case Delayed: // systemctl enable and disable pass on to the timer
		u.Add("Install", "Also", s.Name+".timer")
	}
	// systemd skips sections that begin with X-; Status reads it.
	u.Add("X-Daruma", "StartType", s.StartType.String())
	return u, remarks
}

func unitDescription(s Spec) string {
	switch {
	case s.DisplayName != "" && s.Description != "":
		return s.DisplayName + " – " + s.Description
	case s.DisplayName != "":
		return s.DisplayName
	case s.Description != "":
		return s.Description
	}
	return s.Name
}

// dependencyUnit is the unit that a name of DependsOn means: a service, unless it has a unit's suffix.
func dependencyUnit(name string) string {
	if hasUnitSuffix(name) {
		return name
	}
	return name + ".service"
}

func hasUnitSuffix(name string) bool {
	return slices.ContainsFunc([]string{".service", ".socket", ".target", ".mount", ".automount", ".path", ".timer", ".device",
		".swap", ".slice", ".scope"}, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// execution adds what runs, and how it talks to systemd.
func execution(u *unitfile.Unit, s Spec, version int) (remarks []string) {
	kind := "notify"
	switch {
	case s.Notify == NotifyNone && version >= 240:
		kind = "exec"
	case s.Notify == NotifyNone:
		kind = "simple"
	case s.Notify == NotifyReload && version >= 253:
		kind = "notify-reload"
	}
	u.Add("Service", "Type", kind)
	if s.Notify != NotifyNone {
		u.Add("Service", "NotifyAccess", "main")
	}
	u.Add("Service", "ExecStart", execLine(s.Executable, s.Arguments))
	if len(s.ReloadArguments) > 0 {
		u.Add("Service", "ExecReload", execLine(s.Executable, s.ReloadArguments))
	}
	if s.Notify == NotifyReload && kind == "notify" {
		// The shell's kill: /bin/kill belongs to a package that small systems leave out.
		u.Add("Service", "ExecReload", `/bin/sh -c "kill -HUP $MAINPID"`)
		remarks = append(remarks, fmt.Sprintf("systemd %d doesn't wait for a reload to be done; 253 does", version))
	}
	remarks = append(remarks, identity(u, s)...)
	u.Add("Service", "WorkingDirectory", unitfile.Path(s.WorkingDir))
	for _, entry := range s.Env {
		u.Add("Service", "Environment", unitfile.Word(entry))
	}
	return remarks
}

func execLine(executable string, arguments []string) string {
	line := []string{unitfile.Word(executable)}
	for _, argument := range arguments {
		line = append(line, unitfile.Argument(argument))
	}
	return strings.Join(line, " ")
}

// recovery translates the delays: the first alone. systemd could let them grow (RestartSteps=, 254), but it forgets the count only
// when the service is stopped or by systemctl reset-failed: the third death since the start, however far apart, would cost a minute.
func recovery(u *unitfile.Unit, r Recovery) {
	if len(r.Delays) == 0 {
		u.Add("Service", "Restart", "no")
		return
	}
	policy := "on-abnormal" // signals, timeouts, the watchdog
	if r.OnNonCrash {
		policy = "on-failure" // and exit codes
	}
	u.Add("Service", "Restart", policy)
	// For systemd an end by one of these is a clean one. A service that wants to end by them handles them and exits.
	u.Add("Service", "RestartForceExitStatus", "SIGHUP SIGINT SIGTERM SIGPIPE")
	u.Add("Service", "RestartSec", unitfile.Time(r.Delays[0]))
}

// timerUnit is the unit beside a service with a delayed start.
func timerUnit(s Spec) unitfile.Unit {
	var u unitfile.Unit
	u.Add("Unit", "Description", unitfile.Text("Delayed start of "+s.Name))
	u.AddTime("Timer", "OnBootSec", delayedStart)
	u.Add("Timer", "AccuracySec", "1s")
	u.Add("Timer", "Unit", s.Name+".service")
	u.Add("Install", "WantedBy", "timers.target")
	return u
}
