package service

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
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

func TestHeldProcesses(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if !heldProcesses()[pid] {
		t.Error("a child that package os started isn't found")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if heldProcesses()[pid] {
		t.Error("a child that was waited for is still found")
	}
}

func TestZombies(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	find := func() bool {
		for _, z := range zombies(os.Getpid()) {
			if z.pid == pid && regexp.MustCompile(`^\d+$`).MatchString(z.started) && z.started != strconv.Itoa(0) {
				return true
			}
		}
		return false
	}
	if !find() {
		t.Error("the zombie isn't found")
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if find() {
		t.Error("the zombie is found though it was reaped")
	}
}

// TestReapTakesItsTime: an orphan is reaped only once it has been a zombie for reapAfter.
func TestReapTakesItsTime(t *testing.T) {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{}) // no pidfd, as for an orphan
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	holds := func(since map[zombie]time.Time) bool {
		for z := range since {
			if z.pid == pid {
				return true
			}
		}
		return false
	}
	now := time.Now()
	since := reap(nil, now)
	if !holds(since) {
		t.Fatal("the zombie wasn't seen")
	}
	if since = reap(since, now.Add(reapAfter-1)); !holds(since) {
		t.Error("the zombie was reaped too early")
	}
	if since = reap(since, now.Add(reapAfter)); holds(since) {
		t.Error("the zombie wasn't reaped")
	}
	if err := unix.Kill(pid, 0); err != unix.ESRCH {
		t.Errorf("kill: %v, want ESRCH", err)
	}
}
