package orphans

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
