package operate

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/service/manager"
)

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		status        manager.Status
		state, reason string
	}{
		{manager.Status{StartType: manager.Automatic, SCM: &manager.SCM{StateName: "STOPPED", Win32ExitCode: 1066, ServiceExitCode: 95}},
			"STOPPED", "WIN32_EXIT_CODE 1066, SERVICE_EXIT_CODE 95 (" + exitcode.Refused.String() + "); start type automatic"},
		{manager.Status{StartType: manager.Manual, SCM: &manager.SCM{StateName: "STOPPED"}},
			"STOPPED", "WIN32_EXIT_CODE 0, SERVICE_EXIT_CODE 0; start type manual"},
		{manager.Status{StartType: manager.Automatic, Text: "2 programs", Systemd: &manager.Systemd{ActiveState: "active", SubState: "running", Result: "success"}},
			"active (running)", "2 programs; result success; start type automatic"},
		{manager.Status{StartType: manager.Automatic, Systemd: &manager.Systemd{ActiveState: "failed", SubState: "failed", Result: "exit-code", ExecMainStatus: 91}},
			"failed (failed)", "result exit-code 91 (" + exitcode.Escalated.String() + "); start type automatic"},
		{manager.Status{State: manager.Running}, "running", ""},
	} {
		if state, reason := Describe(c.status); state != c.state || reason != c.reason {
			t.Errorf("%q, %q; want %q, %q", state, reason, c.state, c.reason)
		}
	}
}

func TestHasProcess(t *testing.T) {
	for state, want := range map[manager.State]bool{manager.Stopped: false, manager.Failed: false, manager.Running: true,
		manager.Starting: true, manager.Stopping: true, manager.Paused: true} {
		if got := HasProcess(manager.Status{State: state}); got != want {
			t.Errorf("%s: %v", state, got)
		}
	}
}

// TestOrdersForTheSupervisor: what isn't for the service manager is left to the caller, with nothing done.
func TestOrdersForTheSupervisor(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for _, o := range []Order{
		{Service: "shop", Command: control.Command{Verb: control.VerbStop, Program: "api"}},
		{Service: "shop", Command: control.Command{Verb: control.VerbPause}},
		{Service: "daruma-test-not-installed", Command: control.Command{Verb: control.VerbRestart}},
	} {
		if r, handled, err := o.Run(t.Context()); handled || err != nil || r.System != nil {
			t.Errorf("%+v: %v %v %+v", o, handled, err, r)
		}
	}
}

// TestForeign: only what `daruma host` runs, under this name, is daruma's.
func TestForeign(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  bool
	}{
		{[]string{"/usr/bin/daruma", "host", "shop", "/etc/daruma/shop/daruma.yaml", "--start-timeout=1m"}, false},
		{[]string{"/usr/bin/daruma", "host", "other", "x"}, true},
		{[]string{"/usr/sbin/cron", "-f"}, true},
		{nil, true},
	} {
		if got := foreign(manager.Registration{Words: c.words}, "shop"); got != c.want {
			t.Errorf("%q: %v", c.words, got)
		}
	}
}
