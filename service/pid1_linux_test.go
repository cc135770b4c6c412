package service

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestReapsAsPID1: in a pid namespace of its own, the orphan's zombie goes and the own child's stays to be waited for.
func TestReapsAsPID1(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a pid namespace with its own /proc needs root")
	}
	t.Parallel()
	p := &process{t: t, stderr: &buffer{}}
	// The shell mounts the namespace's /proc and becomes the service, still PID 1.
	p.cmd = exec.Command("sh", "-c", `mount -t proc proc /proc && exec "$0"`, os.Args[0])
	p.cmd.Env = append(os.Environ(), programVariable+"=parent")
	p.cmd.Stderr = p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS}
	p.begin()
	line := p.await("orphan ")
	var orphan, own int
	if _, err := fmt.Sscanf(line, "orphan %d own %d", &orphan, &own); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	// The namespace's /proc is seen through that of the process.
	inside := func(pid int) string {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/root/proc/%d/stat", p.cmd.Process.Pid, pid))
		_, rest, _ := strings.Cut(string(text), ") ")
		return rest
	}
	for deadline := time.Now().Add(20 * time.Second); inside(orphan) != ""; {
		if time.Now().After(deadline) {
			t.Fatalf("the orphan is still there: %q", inside(orphan))
		}
		time.Sleep(20 * time.Millisecond) // sleep: nobody tells who isn't the parent that a process was reaped
	}
	if state := inside(own); !strings.HasPrefix(state, "Z") {
		t.Errorf("the service's own child is %q, want a zombie that waits for os/exec", state)
	}
	p.signal(unix.SIGTERM)
	p.want(0, "nothing left")
}
