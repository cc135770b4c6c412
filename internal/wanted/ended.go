package wanted

import (
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/service/manager"
)

// ExitCode is what the service's last process left with the service manager; Done where it left nothing.
func ExitCode(s manager.Status) exitcode.Code {
	switch {
	case s.SCM != nil:
		return exitcode.Code(s.SCM.ServiceExitCode)
	case s.Systemd != nil && s.Systemd.ExecMainCode == 1: // CLD_EXITED
		return exitcode.Code(s.Systemd.ExecMainStatus)
	}
	return exitcode.Done
}

// Failed says why a service that doesn't run has ended by itself with a failure; "" where it hasn't. What the service's own process noted
// names the program; where that can't be read, the exit code has to do.
func Failed(place folders.Folders, s manager.Status) string {
	if s.State != manager.Stopped && s.State != manager.Failed || ExitCode(s) != exitcode.ProgramsFailed {
		return ""
	}
	if w, ok := Load(place); ok && w.Ended {
		return w.Why
	}
	return exitcode.ProgramsFailed.String()
}
