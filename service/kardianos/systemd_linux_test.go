package service_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onSystemd skips unless the machine is a lab's, for these tests install services in it.
func onSystemd(t *testing.T) {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "systemd" {
		t.Skip("changes the machine: needs a systemd machine of the lab, where DARUMA_LAB=systemd")
	}
}

func TestSystemdLife(t *testing.T) {
	onSystemd(t)
	live(t, "ok", "a b$c%d")
}

func TestSystemdServiceControlsItself(t *testing.T) {
	onSystemd(t)
	liveAlone(t)
}

// TestSystemdScript: a unit file of the program's own, in the syntax of kardianos/service before 1.3.
func TestSystemdScript(t *testing.T) {
	onSystemd(t)
	live(t, "script", "script")
}

func TestSystemdUserService(t *testing.T) {
	onSystemd(t)
	home, folder := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_RUNTIME_DIR", folder)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	// The lab has no PAM session for user@0.service; this is what such a unit starts. Type=notify: it is up when run returns.
	out, err := exec.Command("systemd-run", "--unit=lab-user", "-pDelegate=yes", "-pType=notify", "-EHOME="+home, "-EXDG_RUNTIME_DIR="+folder,
		"/usr/lib/systemd/systemd", "--user").CombinedOutput()
	if err != nil {
		t.Fatalf("starting the user's systemd: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("systemctl", "stop", "lab-user").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	live(t, "user", "a b$c%d")
}

func show(t *testing.T, name, property string) string {
	t.Helper()
	out, err := exec.Command("systemctl", "show", "--value", "-p", property, name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestSystemdOptions: what systemd makes of the options.
func TestSystemdOptions(t *testing.T) {
	onSystemd(t)
	s := newInstalled(t, "options")
	s.does("install")
	dir := filepath.Dir(s.file)
	for property, want := range map[string]string{
		"Description": `100 % "real"`, "LimitNOFILE": "4321", "Restart": "on-failure", "WorkingDirectory": dir,
		"UnitFileState": "enabled", "Type": "exec",
		"NeedDaemonReload": "no", "RestartUSec": "1s",
	} {
		if got := show(t, "kardianos-options", property); got != want {
			t.Errorf("%s is %q, want %q", property, got, want)
		}
	}
	for property, want := range map[string]string{"After": "network.target", "Wants": "network-online.target", "ExecReload": "/bin/kill -USR1",
		"StandardOutput": "append"} {
		if got := show(t, "kardianos-options", property); !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q in it", property, got, want)
		}
	}
	s.does("start")
	awaitFile(t, s.file, "start", 1)
	// To the end of what is there already, which the original's unit writes over.
	output := filepath.Join(dir, "kardianos-options.err")
	if _, err := os.Stat(output); err != nil {
		t.Errorf("LogOutput: %v", err)
	}
}

func TestSystemdLogger(t *testing.T) {
	onSystemd(t)
	s := newInstalled(t, "logs")
	s.does("install")
	s.does("start")
	awaitFile(t, s.file, "start", 1)
	s.does("stop")
	out, err := exec.Command("journalctl", "--sync").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err = exec.Command("journalctl", "-o", "cat", "-p", "4..4", "-u", "kardianos-logs").Output()
	if err != nil || !strings.Contains(string(out), "words of Kardianos test logs") {
		t.Errorf("the journal's warnings of the service: %q, %v", out, err)
	}
}

// TestSystemdRestartsWhatFailed: an error of Start, and a panic.
func TestSystemdRestartsWhatFailed(t *testing.T) {
	onSystemd(t)
	for _, mode := range []string{"failstart", "panicstart"} {
		t.Run(mode, func(t *testing.T) {
			s := newInstalled(t, mode)
			s.does("install")
			_ = s.command("start").Run() // of Type=exec, for which it is started when its process is
			awaitFile(t, s.file, "start interactive=false", 2)
		})
	}
}
