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
