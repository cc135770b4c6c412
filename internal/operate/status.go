package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/service/manager"
)

// Status asks the service manager for a service of daruma's; ok is false where there is none of this name, or no service manager.
func Status(ctx context.Context, service string) (status manager.Status, ok bool) {
	status, err := manager.Manager{}.Status(ctx, service)
	return status, err == nil && !Foreign(ctx, service)
}

// hostVerb is the first argument of the process that the service manager starts for a service of daruma's; package hosting has its role.
const hostVerb = "host"

// Foreign tells that the service manager has a service of this name that isn't daruma's: cron, sshd. No order is for it. Where it can't
// be found out, it isn't.
func Foreign(ctx context.Context, service string) bool {
	registered, err := manager.Manager{}.Registration(ctx, service)
	return err == nil && foreign(registered, service)
}

func foreign(r manager.Registration, service string) bool {
	return len(r.Words) < 3 || r.Words[1] != hostVerb || r.Words[2] != service
}

// HasProcess tells that the service manager has a process of the service, or is about to.
func HasProcess(s manager.Status) bool {
	return s.State != manager.Stopped && s.State != manager.Failed
}

// Describe gives the state of a service that daruma can't be asked about, as the system's own tool calls it, and with which codes.
func Describe(s manager.Status) (state, reason string) {
	switch {
	case s.SCM != nil:
		return s.SCM.StateName, fmt.Sprintf("WIN32_EXIT_CODE %d, SERVICE_EXIT_CODE %d%s; start type %s", s.SCM.Win32ExitCode, s.SCM.ServiceExitCode,
			meaning(int(s.SCM.ServiceExitCode)), s.StartType)
	case s.Systemd != nil:
		reason = "result " + s.Systemd.Result
		if s.Systemd.Result == "exit-code" {
			reason += fmt.Sprintf(" %d%s", s.Systemd.ExecMainStatus, meaning(s.Systemd.ExecMainStatus))
		}
		reason += fmt.Sprintf("; start type %s", s.StartType)
		if s.Text != "" {
			reason = s.Text + "; " + reason
		}
		return fmt.Sprintf("%s (%s)", s.Systemd.ActiveState, s.Systemd.SubState), reason
	}
	return string(s.State), ""
}

// meaning is what an exit code of an installed service means: " (…)", nothing for 0.
func meaning(code int) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf(" (%v)", exitcode.Code(code))
}

// Supervised tells whether a supervisor of this service is there, whoever started it.
func Supervised(ctx context.Context, service string) bool {
	client, err := control.Dial(service)
	if err == nil {
		_, err = client.Health(ctx)
	}
	return !errors.Is(err, control.ErrNotRunning)
}
