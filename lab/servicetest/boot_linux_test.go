package servicetest

import (
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
	"github.com/daruma-sh/daruma/service/manager"
)

// asInstaller makes the test binary of service/manager a small command line; it has the same constant.
const asInstaller = "host-installer"

func installerIn(t *testing.T, m *lab.Machine, goos, path string) {
	t.Helper()
	testBinaryIn(t, m, goos, library+"/manager", path)
}

// after holds what the services are against what they should be.
func after(t *testing.T, m *lab.Machine, exe, what string, want map[string]string) {
	t.Helper()
	for name, state := range want {
		if got := m.Output(exe, asInstaller, "status", name); got != state {
			t.Errorf("after %s %s is %q, want %q", what, name, got, state)
		}
	}
}

func TestBootOfSystemd(t *testing.T) {
	onTheHost(t)
	m := lab.Linux(t)
	const exe = "/opt/host.test"
	installerIn(t, m, "linux", exe)
	for _, start := range []string{"automatic", "delayed", "manual", "disabled"} {
		m.Output(exe, asInstaller, "install", "boot-"+start, start, "/opt/record-"+start)
	}
	// Two minutes are too long to wait for; all else about the timer stays.
	m.Output("mkdir", "/etc/systemd/system/boot-delayed.timer.d")
	m.Write("/etc/systemd/system/boot-delayed.timer.d/soon.conf", "[Timer]\nOnBootSec=\nOnBootSec=1s\n", 0o644)
	m.Reboot()
	if r, err := m.Run(t.Context(), "sh", "-c", "until systemctl -q is-active boot-delayed.service; do sleep 0.1; done"); err != nil || r.ExitCode != 0 {
		t.Errorf("waiting for the delayed service: %v %v", err, r)
	}
	if by := m.Output("systemctl", "show", "-P", "TriggeredBy", "boot-delayed.service"); by != "boot-delayed.timer" {
		t.Errorf("the delayed service is triggered by %q", by)
	}
	after(t, m, exe, "a boot", map[string]string{"boot-automatic": "running automatic", "boot-delayed": "running delayed",
		"boot-manual": "stopped manual", "boot-disabled": "stopped disabled"})
	m.Output(exe, asInstaller, "install", "boot-automatic", "manual", "/opt/record-automatic")
	m.Output(exe, asInstaller, "uninstall", "boot-delayed")
	m.Reboot()
	after(t, m, exe, "another", map[string]string{"boot-automatic": "stopped manual"})
	if r, err := m.Run(t.Context(), exe, asInstaller, "status", "boot-delayed"); err != nil || !strings.Contains(string(r.Stdout), manager.ErrNotInstalled.Error()) {
		t.Errorf("after its uninstallation boot-delayed is: %v %v", err, r)
	}
}

// TestInstallationOutlivesAPowerCut: the plug is pulled right after install came back.
func TestInstallationOutlivesAPowerCut(t *testing.T) {
	onTheHost(t)
	m := lab.Kernel(t)
	const exe = "/opt/host.test"
	installerIn(t, m, "linux", exe)
	m.Output("sync") // the binary's bytes are the administrator's to bring to the disk
	m.Output(exe, asInstaller, "install", "cut", "automatic", "/opt/record")
	m.CutPower()
	m.Boot()
	after(t, m, exe, "a power cut", map[string]string{"cut": "running automatic"})
}

func TestBootOfWindows(t *testing.T) {
	onTheHost(t)
	m := lab.Windows(t)
	const exe = `C:\svc\host.test.exe`
	installerIn(t, m, "windows", exe)
	for _, start := range []string{"automatic", "manual", "disabled"} {
		m.Output(exe, asInstaller, "install", "boot-"+start, start, `C:\svc\record-`+start)
	}
	m.Reboot()
	after(t, m, exe, "a boot", map[string]string{"boot-automatic": "running automatic",
		"boot-manual": "stopped manual", "boot-disabled": "stopped disabled"})
	m.Output(exe, asInstaller, "install", "boot-automatic", "disabled", `C:\svc\record-automatic`)
	m.Reboot()
	after(t, m, exe, "another", map[string]string{"boot-automatic": "stopped disabled"})
}
