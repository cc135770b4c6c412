package cli

import (
	"context"
	"fmt"
	"sync"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/service/manager"
)

// managerOf is the system's service manager, with a sign of life on a terminal while it is waited for. end takes that away.
func managerOf(std IO, doing string) (manager.Manager, func()) {
	end := progress(std.Err, screenOf(std.Err).terminal, doing)
	return manager.Manager{}, sync.OnceFunc(end)
}

// installed asks the service manager for a service; ok is false where there is none of this name, or no service manager.
func installed(ctx context.Context, name string) (status manager.Status, ok bool) {
	status, err := manager.Manager{}.Status(ctx, name)
	return status, err == nil
}

// lives tells that the service manager has a process of the service, or is about to.
func lives(s manager.Status) bool {
	switch s.State {
	case manager.Stopped, manager.Failed:
		return false
	}
	return true
}

// state words a service that daruma can't be asked about, as the system's own tool shows it.
func systemState(s manager.Status) (word, reason string) {
	switch {
	case s.SCM != nil:
		return s.SCM.StateName, fmt.Sprintf("WIN32_EXIT_CODE %d, SERVICE_EXIT_CODE %d%s; start type %s", s.SCM.Win32ExitCode, s.SCM.ServiceExitCode,
			inWords(int(s.SCM.ServiceExitCode)), s.StartType)
	case s.Systemd != nil:
		reason = "result " + s.Systemd.Result
		if s.Systemd.Result == "exit-code" {
			reason += fmt.Sprintf(" %d%s", s.Systemd.ExecMainStatus, inWords(s.Systemd.ExecMainStatus))
		}
		reason += fmt.Sprintf("; start type %s", s.StartType)
		if s.Text != "" {
			reason = s.Text + "; " + reason
		}
		return fmt.Sprintf("%s (%s)", s.Systemd.ActiveState, s.Systemd.SubState), reason
	}
	return string(s.State), ""
}

// inWords is what an exit code of a hosted service means: " (…)", nothing for 0.
func inWords(code int) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf(" (%v)", exitcode.Code(code))
}
