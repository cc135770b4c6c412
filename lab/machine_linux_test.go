package lab

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWindowsRunsCommands(t *testing.T) {
	m := Windows(t)
	if out := m.Output("cmd", "/c", "ver"); out == "" {
		t.Error("ver printed nothing")
	}
	r, err := m.Run(t.Context(), "cmd", "/c", "exit", "44")
	if err != nil || r.ExitCode != 44 {
		t.Errorf("exit code: %v %v, want 44", err, r)
	}
}

func TestLinuxRunsCommands(t *testing.T) {
	m := Linux(t)
	if out := m.Output("systemctl", "is-system-running"); out != "running" {
		t.Errorf("systemctl is-system-running: %q, want running", out)
	}
	r, err := m.Run(t.Context(), "sh", "-c", "echo out; echo err >&2; exit 3")
	if err != nil || r.ExitCode != 3 || string(r.Stdout) != "out\n" || string(r.Stderr) != "err\n" {
		t.Errorf("%v %v", err, r)
	}
	m.Write("/etc/kept", "text", 0o600)
	m.Reboot()
	if got := m.Read("/etc/kept"); got != "text" {
		t.Errorf("after a reboot the file has %q", got)
	}
	m.CutPower()
	m.Boot()
	if got := m.Output("stat", "-c", "%a", "/etc/kept"); got != "600" {
		t.Errorf("mode %s, want 600", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := m.Run(ctx, "sh", "-c", "sleep 1000 & setsid sleep 1000 & wait"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command that outlives its context: %v", err)
	}
	if r, _ := m.Run(t.Context(), "pidof", "sleep"); r.ExitCode == 0 {
		t.Errorf("processes of the killed command live: %s", r.Stdout)
	}
}
