package manager

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// unitMark is the first line of every unit file that daruma writes: only what bears it may be replaced or removed.
const unitMark = "# Managed by daruma."

// delayedStart is what Windows waits with a delayed start unless told otherwise (AutoStartDelay): 120 s.
const delayedStart = 2 * time.Minute

// directive is one "Key=Value" of a unit file; the value as it is written there.
type directive struct{ section, key, value string }

// unit is what a unit file says, in order.
type unit []directive

func (u *unit) add(section, key, value string) {
	if value != "" {
		*u = append(*u, directive{section, key, value})
	}
}

func (u *unit) time(section, key string, d time.Duration) {
	if d > 0 {
		u.add(section, key, unitTime(d))
	}
}

// text writes the unit file. comment stands under the mark.
func (u unit) text(comment string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", unitMark, comment)
	section := ""
	for _, d := range u {
		if d.section != section {
			section = d.section
			fmt.Fprintf(&b, "\n[%s]\n", section)
		}
		fmt.Fprintf(&b, "%s=%s\n", d.key, d.value)
	}
	return b.String()
}

// serviceUnit is the unit of spec for a systemd of this version; remarks tell what the version can't do.
func serviceUnit(s Spec, version int) (u unit, remarks []string) {
	u.add("Unit", "Description", unitText(unitDescription(s)))
	var after []string
	for _, name := range s.DependsOn {
		after = append(after, dependencyUnit(name))
	}
	u.add("Unit", "Wants", strings.Join(after, " "))
	u.add("Unit", "After", strings.Join(after, " "))
	// Without it systemd gives up after five starts in ten seconds, and for ever.
	u.add("Unit", "StartLimitIntervalSec", "0")
	if s.StartType == Disabled {
		// A unit in /etc can't be masked. The first refuses whoever asks, the second those that depend on it.
		u.add("Unit", "RefuseManualStart", "yes")
		u.add("Unit", "AssertPathExists", "!/")
	}
	remarks = append(remarks, execution(&u, s, version)...)
	supervision(&u, s, version)
	recovery(&u, s.Recovery)
	// The main process gets the signal and decides in what order its children end; what is left gets SIGKILL.
	u.add("Service", "KillMode", "mixed")
	u.time("Service", "TimeoutStartSec", s.StartTimeout)
	u.time("Service", "TimeoutStopSec", s.StopTimeout)
	u.time("Service", "WatchdogSec", s.Watchdog)
	switch s.StartType {
	case Automatic, Manual: // so that systemctl enable works on a manual one
		u.add("Install", "WantedBy", "multi-user.target")
	case Delayed: // systemctl enable and disable pass on to the timer
		u.add("Install", "Also", s.Name+".timer")
	}
	// systemd skips sections that begin with X-; Status reads it.
	u.add("X-Daruma", "StartType", s.StartType.String())
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
func execution(u *unit, s Spec, version int) (remarks []string) {
	kind := "notify"
	switch {
	case s.Notify == NotifyNone && version >= 240:
		kind = "exec"
	case s.Notify == NotifyNone:
		kind = "simple"
	case s.Notify == NotifyReload && version >= 253:
		kind = "notify-reload"
	}
	u.add("Service", "Type", kind)
	if s.Notify != NotifyNone {
		u.add("Service", "NotifyAccess", "main")
	}
	line := []string{unitWord(s.Executable)}
	for _, argument := range s.Arguments {
		line = append(line, unitArgument(argument))
	}
	u.add("Service", "ExecStart", strings.Join(line, " "))
	if s.Notify == NotifyReload && kind == "notify" {
		// The shell's kill: /bin/kill belongs to a package that small systems leave out.
		u.add("Service", "ExecReload", `/bin/sh -c "kill -HUP $MAINPID"`)
		remarks = append(remarks, fmt.Sprintf("systemd %d doesn't wait for a reload to be done; 253 does", version))
	}
	remarks = append(remarks, identity(u, s)...)
	u.add("Service", "WorkingDirectory", unitPath(s.WorkingDir))
	for _, entry := range s.Env {
		u.add("Service", "Environment", unitWord(entry))
	}
	return remarks
}

// recovery translates the delays: the first alone. systemd could let them grow (RestartSteps=, 254), but it forgets the count only
// when the service is stopped or by systemctl reset-failed: the third death since the start, however far apart, would cost a minute.
func recovery(u *unit, r Recovery) {
	if len(r.Delays) == 0 {
		u.add("Service", "Restart", "no")
		return
	}
	policy := "on-abnormal" // signals, timeouts, the watchdog
	if r.OnNonCrash {
		policy = "on-failure" // and exit codes
	}
	u.add("Service", "Restart", policy)
	// For systemd an end by one of these is a clean one. A service that wants to end by them handles them and exits.
	u.add("Service", "RestartForceExitStatus", "SIGHUP SIGINT SIGTERM SIGPIPE")
	u.add("Service", "RestartSec", unitTime(r.Delays[0]))
}

// timerUnit is the unit beside a service with a delayed start.
func timerUnit(s Spec) unit {
	var u unit
	u.add("Unit", "Description", unitText("Delayed start of "+s.Name))
	u.time("Timer", "OnBootSec", delayedStart)
	u.add("Timer", "AccuracySec", "1s")
	u.add("Timer", "Unit", s.Name+".service")
	u.add("Install", "WantedBy", "timers.target")
	return u
}
