package scm

import (
	"testing"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

func TestAccepted(t *testing.T) {
	const down = windows.SERVICE_ACCEPT_SHUTDOWN | windows.SERVICE_ACCEPT_PRESHUTDOWN
	const handlers = windows.SERVICE_ACCEPT_PAUSE_CONTINUE | windows.SERVICE_ACCEPT_SESSIONCHANGE
	for state, want := range map[platform.State]uint32{
		platform.Starting: down | windows.SERVICE_ACCEPT_STOP, platform.Pausing: down | windows.SERVICE_ACCEPT_STOP,
		platform.Continuing: down | windows.SERVICE_ACCEPT_STOP, platform.Stopping: down, platform.Stopped: 0,
		platform.Running: down | windows.SERVICE_ACCEPT_STOP | handlers, platform.Paused: down | windows.SERVICE_ACCEPT_STOP | handlers,
	} {
		if got := accepted(handlers, state); got != want {
			t.Errorf("%v accepts %#x, want %#x", state, got, want)
		}
	}
}

// TestWhatRunsFailureActions: those of a service that failed by itself, and could run after another start; no others.
func TestWhatRunsFailureActions(t *testing.T) {
	for _, c := range []struct {
		outcome    platform.Outcome
		code, here uint32
	}{
		{platform.Outcome{}, 0, 0},
		{platform.Outcome{Code: 17}, 1066, 17},
		{platform.Outcome{Code: 82, Asked: true}, 0, 82},
		{platform.Outcome{Code: 97, Final: true}, 0, 97},
	} {
		if s := endStatus(c.outcome); s.CurrentState != windows.SERVICE_STOPPED || s.Win32ExitCode != c.code || s.ServiceSpecificExitCode != c.here {
			t.Errorf("%+v is reported as %+v", c.outcome, s)
		}
	}
}
