package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestKernel(t *testing.T) {
	m := Kernel(t)
	if out := m.Output("cat", "/sys/fs/cgroup/cgroup.controllers"); !strings.Contains(out, "memory") || !strings.Contains(out, "pids") {
		t.Errorf("cgroup controllers %q, want memory and pids among them", out)
	}
	r, err := m.Run(t.Context(), "sh", "-c", "echo out; echo err >&2; exit 3")
	if err != nil || r.ExitCode != 3 || string(r.Stdout) != "out\n" || string(r.Stderr) != "err\n" {
		t.Errorf("%v %v", err, r)
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	sum := sha256.Sum256(big)
	begin := time.Now()
	r, err = m.RunCommand(t.Context(), Command{Path: "sha256sum", Stdin: bytes.NewReader(big)})
	t.Logf("4 MiB in %v", time.Since(begin))
	if err != nil || !strings.HasPrefix(string(r.Stdout), hex.EncodeToString(sum[:])) {
		t.Errorf("4 MiB of standard input didn't arrive: %v %v", err, r)
	}
	r, err = m.Run(t.Context(), "head", "-c", "4194304", "/dev/zero")
	if err != nil || len(r.Stdout) != 4<<20 {
		t.Errorf("of 4 MiB of standard output %d bytes arrived: %v", len(r.Stdout), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := m.Run(ctx, "sh", "-c", "sleep 1000 & setsid sleep 1000 & wait"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command that outlives its context: %v", err)
	}
	if r, _ := m.Run(t.Context(), "pidof", "sleep"); r.ExitCode == 0 {
		t.Errorf("processes of the killed command live: %s", r.Stdout)
	}
	m.Output("sh", "-c", "echo synced > /var/synced; sync; echo unsynced > /var/unsynced")
	m.CutPower()
	m.Boot()
	if got := m.Read("/var/synced"); got != "synced\n" {
		t.Errorf("what was synced before the power cut is %q", got)
	}
	if m.Exists("/var/unsynced") && m.Read("/var/unsynced") == "unsynced\n" {
		t.Error("what wasn't synced survived the power cut: it was none")
	}
	m.Write("/var/unsynced", "kept", 0o600)
	begin = time.Now()
	m.Reboot()
	t.Logf("reboot in %v", time.Since(begin))
	if got := m.Read("/var/unsynced"); got != "kept" {
		t.Errorf("after an orderly reboot the file has %q", got)
	}
}
