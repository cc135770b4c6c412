package manager

import (
	"fmt"
	"strings"
)

// Outcome is how the service's last run ended, as far as the service manager knows: "its process died (1067)",
// "exit-code, exit status 3"; "" where it knows nothing.
func (s Status) Outcome() string {
	switch {
	case s.SCM != nil:
		return s.SCM.outcome()
	case s.Systemd != nil:
		return s.Systemd.outcome()
	}
	return ""
}

// stateName is the name that `sc query` shows for SERVICE_STATUS.dwCurrentState.
func stateName(state uint32) string {
	names := [...]string{1: "STOPPED", 2: "START_PENDING", 3: "STOP_PENDING", 4: "RUNNING", 5: "CONTINUE_PENDING", 6: "PAUSE_PENDING", 7: "PAUSED"}
	if int(state) < len(names) && state > 0 {
		return names[state]
	}
	return fmt.Sprint(state)
}

// state translates the SCM's state.
func (d *SCM) state() State {
	switch d.State {
	case 2:
		return Starting
	case 3:
		return Stopping
	case 4:
		return Running
	case 5:
		return Continuing
	case 6:
		return Pausing
	case 7:
		return Paused
	}
	// 1077, ERROR_SERVICE_NEVER_STARTED, is what a service has that didn't run since the system started.
	if d.Win32ExitCode != 0 && d.Win32ExitCode != 1077 {
		return Failed
	}
	return Stopped
}

// outcome is how the last run ended.
func (d *SCM) outcome() string {
	switch d.Win32ExitCode {
	case 0:
		return "without an error"
	case 1066:
		return fmt.Sprintf("service-specific exit code %d (0x%x)", d.ServiceExitCode, d.ServiceExitCode)
	case 1067:
		return "its process died (1067)"
	case 1077:
		return "it wasn't started since boot (1077)"
	}
	return fmt.Sprintf("WIN32_EXIT_CODE %d (0x%x)", d.Win32ExitCode, d.Win32ExitCode)
}

// text is the block that `sc queryex NAME` prints.
func (d *SCM) text(name string) string {
	var b strings.Builder
	line := func(key, format string, args ...any) {
		fmt.Fprintf(&b, "        %-19s: %s\n", key, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "SERVICE_NAME: %s\n", name)
	kind := ""
	switch d.Type &^ 0x100 {
	case 0x10:
		kind = "  WIN32_OWN_PROCESS"
	case 0x20:
		kind = "  WIN32_SHARE_PROCESS"
	}
	line("TYPE", "%x%s", d.Type, kind)
	line("STATE", "%d  %s", d.State, d.StateName)
	fmt.Fprintf(&b, "%32s(%s, %s, %s)\n", "", either(d.Accepts&1 != 0, "STOPPABLE", "NOT_STOPPABLE"),
		either(d.Accepts&2 != 0, "PAUSABLE", "NOT_PAUSABLE"), shutdownText(d.Accepts))
	line("WIN32_EXIT_CODE", "%d  (0x%x)", d.Win32ExitCode, d.Win32ExitCode)
	line("SERVICE_EXIT_CODE", "%d  (0x%x)", d.ServiceExitCode, d.ServiceExitCode)
	line("CHECKPOINT", "0x%x", d.CheckPoint)
	line("WAIT_HINT", "0x%x", d.WaitHint)
	line("PID", "%d", d.PID)
	return b.String()
}

func shutdownText(accepts uint32) string {
	if accepts&0x100 != 0 {
		return "ACCEPTS_PRESHUTDOWN"
	}
	return either(accepts&4 != 0, "ACCEPTS_SHUTDOWN", "IGNORES_SHUTDOWN")
}

func either(first bool, yes, no string) string {
	if first {
		return yes
	}
	return no
}

// String is what the verb status prints: one line for all systems, then what the system's own tool would show.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", s.Name, s.State)
	if s.PID != 0 {
		fmt.Fprintf(&b, ", pid %d", s.PID)
	}
	if !s.Since.IsZero() {
		fmt.Fprintf(&b, ", since %s", s.Since.Format("2006-01-02 15:04:05 MST"))
	}
	fmt.Fprintf(&b, ", start %s\n", s.StartType)
	if s.Text != "" {
		fmt.Fprintf(&b, "  says: %s\n", s.Text)
	}
	if s.SCM != nil {
		if s.State == Failed {
			fmt.Fprintf(&b, "  the last run ended: %s\n", s.SCM.outcome())
		}
		b.WriteString(s.SCM.text(s.Name))
	}
	if d := s.Systemd; d != nil {
		fmt.Fprintf(&b, "  %s (%s), %s, restarts %d, result %s\n", d.ActiveState, d.SubState, d.UnitFileState, d.NRestarts, d.outcome())
		fmt.Fprintf(&b, "  %s\n", d.FragmentPath)
		for _, path := range d.DropInPaths {
			fmt.Fprintf(&b, "  %s\n", path)
		}
	}
	return b.String()
}

// outcome is how the last run ended: "exit-code, exit status 3".
func (d *Systemd) outcome() string {
	switch d.ExecMainCode {
	case 1:
		return fmt.Sprintf("%s, exit status %d", d.Result, d.ExecMainStatus)
	case 2, 3:
		return fmt.Sprintf("%s, ended by signal %d", d.Result, d.ExecMainStatus)
	}
	return d.Result
}
