package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestAHeldStartHoldsUpNobody: who owns a program's executable can have the kernel wait for him at its exec. Other programs are restarted,
// orders obeyed, and SIGTERM ends daruma, while that start stands still.
func TestAHeldStartHoldsUpNobody(t *testing.T) {
	needRoot(t)
	const user = 61_734
	dir := folder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, testbin.Path(t))
	data, err := os.ReadFile(testbin.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	hers := filepath.Join(dir, "hers")
	writeExecutable(t, hers, data)
	if err := os.Chown(hers, user, user); err != nil {
		t.Fatal(err)
	}
	holdLease(t, hers, user)
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  hers: {command: [%s, hang], securityContext: {runAsUser: %d, runAsGroup: %d}}
  good: {command: [%s, hang]}
`, hers, user, user, testbin.Path(t)))
	first := s.awaitReady("good", 0)
	s.eventually("hers is being started", func() bool {
		_, p := s.status("hers")
		return p.State == control.StateStarting
	})
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.awaitReady("good", first.Generation)
	s.await("the start is given up", func(e control.Event) bool {
		return e.Program == "hers" && e.Kind == control.EventExited && strings.Contains(e.Reason, "holds a lease on "+hers)
	})
	s.eventually("hers is being started again", func() bool {
		_, p := s.status("hers")
		return p.State == control.StateStarting
	})
	began := time.Now()
	s.end()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("daruma took %v to end", took)
	}
}

// holdLease holds a write lease on a file as its owner, to the end of the test.
func holdLease(t *testing.T, file string, user uint32) {
	t.Helper()
	cmd := exec.Command(testbin.Path(t), "lease", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var word string
	var pid int
	if _, err := fmt.Fscan(out, &word, &pid); err != nil || word != "ready" {
		t.Fatalf("it holds no lease: %v", err)
	}
}
