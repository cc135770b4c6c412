package tree

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// family is a shell and everything it left: all of them hold the write end of one pipe, whose end of file says that
// the last one is dead. No pid is asked, which could be another's by then.
type family struct {
	cmd  *exec.Cmd
	read *os.File
}

// start runs a shell script in a session of its own, with mark in its environment. The script says "ready" when it is.
func start(t *testing.T, mark, script string, change ...func(*syscall.SysProcAttr) error) *family {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	f := &family{cmd: exec.Command("/bin/sh", "-c", script), read: r}
	f.cmd.Stdout = w
	f.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if mark != "" {
		f.cmd.Env = append(f.cmd.Env, "DARUMA_RUN="+mark)
	}
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	for _, c := range change {
		if err := c(f.cmd.SysProcAttr); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		_ = unix.Kill(-f.cmd.Process.Pid, unix.SIGKILL)
		_ = f.cmd.Wait()
		r.Close()
	})
	buf := make([]byte, len("ready\n"))
	f.deadline(t)
	for n := 0; n < len(buf); {
		k, err := r.Read(buf[n:])
		if err != nil {
			t.Fatalf("the script didn't get ready: %v", err)
		}
		n += k
	}
	return f
}

func (f *family) deadline(t *testing.T) {
	t.Helper()
	if err := f.read.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
}

// gone waits until the last member is dead.
func (f *family) gone(t *testing.T) {
	t.Helper()
	f.deadline(t)
	var buf [64]byte
	for {
		if _, err := f.read.Read(buf[:]); err != nil {
			if os.IsTimeout(err) {
				t.Fatal("a process of the family is still alive")
			}
			return
		}
	}
}

// lives says that the shell isn't dead.
func (f *family) lives() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, f.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo == 0
}

// nobodyLeft waits until the last one counts as dead. A process closes its files a moment before it becomes a zombie.
func nobodyLeft(t *testing.T, o orphans) {
	t.Helper()
	for range 3000 {
		if !o.any() {
			return
		}
		time.Sleep(time.Millisecond) // sleep: of a process's last step the kernel tells its parent, and we aren't
	}
	t.Fatal("dead processes are orphans")
}

// testMark is one that no other test has.
func testMark(t *testing.T) string { return fmt.Sprintf("%s.%d", t.Name(), os.Getpid()) }

const (
	waitForever = "echo ready; exec sleep 1000"
	// A double fork in a session of its own: only the environment tells where it comes from.
	daemon = "(setsid sleep 1000 &) ; echo ready; exec sleep 1000"
	// Without the environment only the session tells.
	stripped = "env -i sleep 1000 & echo ready; exec sleep 1000"
)

func TestOrphansByMark(t *testing.T) {
	mark := testMark(t)
	mine, other := start(t, mark+"/a/1", daemon), start(t, mark+"/a/11", waitForever)
	s := orphans{mark: mark + "/a/1"}
	if !s.any() || !s.kill() {
		t.Error("they aren't seen")
	}
	mine.gone(t)
	nobodyLeft(t, s)
	if s.kill() {
		t.Error("dead processes are orphans")
	}
	if !other.lives() {
		t.Error("run 11 was killed for run 1")
	}
	if !(orphans{mark: mark + "/a/11"}).any() {
		t.Error("run 11 isn't seen")
	}
}

func TestOrphansByPrefix(t *testing.T) {
	mark := testMark(t)
	a, b, other := start(t, mark+"/a/1", daemon), start(t, mark+"/b/7", waitForever), start(t, mark+"x/a/1", waitForever)
	if !(orphans{mark: mark + "/", prefix: true}).kill() {
		t.Error("nobody was killed")
	}
	a.gone(t)
	b.gone(t)
	if !other.lives() {
		t.Error("another service's program was killed")
	}
}

func TestOrphansBySession(t *testing.T) {
	mine, other := start(t, "", stripped), start(t, "", waitForever)
	s := orphans{session: mine.cmd.Process.Pid, mark: testMark(t)}
	if !s.kill() {
		t.Error("nobody was killed")
	}
	mine.gone(t)
	nobodyLeft(t, s) // its zombie is still there
	if !other.lives() {
		t.Error("another session was killed")
	}
}

// Our own process and those without a mark are nobody's.
func TestOrphansLeaveOthersAlone(t *testing.T) {
	bystander := start(t, "", waitForever)
	for _, s := range []orphans{{mark: testMark(t)}, {mark: testMark(t), prefix: true}} {
		if s.any() || s.kill() {
			t.Errorf("%+v finds somebody", s)
		}
	}
	if !bystander.lives() {
		t.Error("a bystander was killed")
	}
	if (orphans{mark: "x"}).matches(os.Getpid()) || (orphans{mark: "x"}).matches(1<<30) {
		t.Error("matches what it shouldn't")
	}
}

// bomb forks 300 processes, and goes on for as long as it lives.
const bomb = "i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i+1)); [ $i -eq 30 ] && echo ready; done; wait"

func TestOrphansOfAForkBomb(t *testing.T) {
	mark := testMark(t)
	f := start(t, mark, bomb)
	if !(orphans{mark: mark}).kill() {
		t.Error("nobody was killed")
	}
	f.gone(t)
}

// TestHasArgument: wherever it stands in a long command line, and only as the beginning of an argument.
func TestHasArgument(t *testing.T) {
	const mark = MarkArgument + "api.0123abcd/!supervisor"
	path := filepath.Join(t.TempDir(), "cmdline")
	for _, c := range []struct {
		line string
		want bool
	}{
		{"daruma\x00supervisor\x00api\x00" + mark + "\x00", true},
		{"daruma\x00" + mark + "/1\x00more\x00", true},
		{mark + "\x00", false}, // the program's own name
		{"daruma\x00x" + mark + "\x00", false},
		{"daruma\x00" + mark[:len(mark)-1] + "\x00", false},
		{"", false}, // a thread of the kernel
	} {
		if err := os.WriteFile(path, []byte(c.line), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := hasArgument(path, mark); got != c.want {
			t.Errorf("%q: %v", c.line, got)
		}
	}
	for before := 4096 - len(mark) - 3; before < 4096+3; before++ { // where a read may end in the midst of it
		if err := os.WriteFile(path, []byte(strings.Repeat("x", before)+"\x00"+mark+"\x00"+strings.Repeat("y", 9000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if !hasArgument(path, mark) {
			t.Errorf("behind %d bytes it isn't found", before)
		}
	}
	if hasArgument(path+".none", mark) {
		t.Error("found in a file that isn't there")
	}
}
