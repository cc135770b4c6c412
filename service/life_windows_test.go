package service

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"
)

// needsManager skips where services can't be installed: without an administrator's rights. Wine gives them always.
func needsManager(t *testing.T) {
	t.Helper()
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Skipf("the Service Control Manager can't be used (run the tests as an administrator): %v", err)
	}
	_ = windows.CloseServiceHandle(manager)
}

// released waits until the service's process, which has just reported STOPPED, has closed its diary.
func (l *live) released() {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		err := os.Rename(l.diary, l.diary+"-") // refused as long as somebody has it open
		if err == nil {
			_ = os.Rename(l.diary+"-", l.diary)
		}
		if err == nil || os.IsNotExist(err) {
			return
		}
		time.Sleep(10 * time.Millisecond) // sleep: the process of a stopped service has no handle to wait for
	}
}

// ended holds the service's end against what it should be.
func (l *live) ended(s manager.Status, want fate) {
	l.t.Helper()
	code, own := uint32(0), uint32(0)
	switch {
	case want.died:
		code = uint32(windows.ERROR_PROCESS_ABORTED)
	case want.code != 0:
		code, own = uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR), uint32(want.code)
	}
	if want.stop && !want.died { // what somebody stopped stays stopped
		code = 0
	}
	if d := s.SCM; s.State == manager.Failed != (code != 0) || d.Win32ExitCode != code || d.ServiceExitCode != own {
		l.t.Errorf("it ended with %d, %d, state %s; want %d, %d\n%s", d.Win32ExitCode, d.ServiceExitCode, s.State, code, own, l.read())
	}
	l.released()
}

// seesEarlyEnds skips on Wine, whose service manager has a service that died while it started in START_PENDING for ever, with or
// without a process, or as never started (1077), as it happens.
func seesEarlyEnds(t *testing.T) {
	t.Helper()
	if wine.Running() {
		t.Skip("Wine doesn't see the end of a service that dies while it starts: that 1067 is reported is shown on real Windows alone")
	}
}
