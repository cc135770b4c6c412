package tree

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// testCgroup makes a real cgroup. Where none can be had that is a skip; with DARUMA_CI=1 a failure,
// unless DARUMA_CI_WITHOUT=cgroup says that the machine has none.
func testCgroup(t *testing.T) string {
	t.Helper()
	base, err := FindCgroup(fmt.Sprintf("daruma-%s-%d", t.Name(), os.Getpid()))
	if err != nil {
		if os.Getenv("DARUMA_CI") == "1" && os.Getenv("DARUMA_CI_WITHOUT") != "cgroup" {
			t.Fatalf("needs a cgroup v2 that this user may write: %v", err)
		}
		t.Skipf("needs a cgroup v2 that this user may write: %v", err)
	}
	t.Cleanup(func() { RemoveCgroup(base) })
	return base
}

// within lets a process be born in a program's group.
func within(t *testing.T, g *cgroup) func(*syscall.SysProcAttr) error {
	t.Helper()
	dir, err := g.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(dir) })
	return func(sys *syscall.SysProcAttr) error {
		sys.UseCgroupFD, sys.CgroupFD = true, dir
		return nil
	}
}

func makeTestCgroup(t *testing.T, path string) *cgroup {
	t.Helper()
	g, err := makeCgroup(path)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// awaitEmpty waits for the kernel to take the last process out of the group: it wakes who polls cgroup.events.
func awaitEmpty(t *testing.T, g *cgroup) {
	t.Helper()
	events, err := os.Open(g.events)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	for range 300 {
		_, _ = events.ReadAt(make([]byte, 128), 0) // a change from here on wakes
		if !g.populated() {
			return
		}
		fds := []unix.PollFd{{Fd: int32(events.Fd()), Events: unix.POLLPRI}}
		_, _ = unix.Poll(fds, 100)
	}
	t.Fatal("somebody is still alive in the group")
}

func TestCgroupKillsAForkBomb(t *testing.T) {
	base := testCgroup(t)
	g := makeTestCgroup(t, filepath.Join(base, "p-bomb"))
	if g.populated() {
		t.Error("a new group has somebody in it")
	}
	f := start(t, "", "(setsid env -i sleep 1000 &); "+bomb, within(t, g))
	if !g.populated() {
		t.Error("the group is empty while a bomb runs in it")
	}
	g.kill()
	f.gone(t)
	awaitEmpty(t, g)
}

func TestCgroupFreezes(t *testing.T) {
	base := testCgroup(t)
	g := makeTestCgroup(t, filepath.Join(base, "p-frozen"))
	f := start(t, "", waitForever, within(t, g))
	for _, on := range []bool{true, false, true} {
		if err := g.freeze(on); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(g.path, "cgroup.freeze"))
		if want := map[bool]string{true: "1\n", false: "0\n"}[on]; err != nil || string(data) != want {
			t.Errorf("freeze(%v): %q, %v", on, data, err)
		}
	}
	g.kill() // of a frozen group too
	f.gone(t)
	awaitEmpty(t, g)
}

func TestClearCgroup(t *testing.T) {
	base := testCgroup(t)
	var families []*family
	for _, name := range []string{"p-a.1", "p-b.3"} {
		g := makeTestCgroup(t, filepath.Join(base, name))
		families = append(families, start(t, "", daemon, within(t, g)))
	}
	if err := ClearCgroup(base); err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		f.gone(t)
	}
	if left, _ := filepath.Glob(filepath.Join(base, "p-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	RemoveCgroup(base)
	if _, err := os.Stat(base); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", base, err)
	}
	if err := ClearCgroup(""); err != nil {
		t.Error(err)
	}
	RemoveCgroup("")
}

// A program's group serves for many runs; after a kill the next run gets another one, in which it lives.
func TestTreeAfterAKill(t *testing.T) {
	base := testCgroup(t)
	var tr Tree
	t.Cleanup(func() { tr.Close() })
	before := openFiles(t)
	for run := range 3 {
		if err := tr.Open(base, "api"); err != nil || tr.cg == nil {
			t.Fatalf("run %d: %v", run, err)
		}
		f := start(t, "", waitForever, tr.Attach)
		tr.Detach()
		pid := f.cmd.Process.Pid
		if tr.Empty(pid, "") || !f.lives() {
			t.Fatalf("run %d isn't in its group", run)
		}
		if err := tr.Freeze(pid, true); err != nil {
			t.Error(err)
		}
		if !tr.Kill(pid, "") {
			t.Error("nobody was there to kill")
		}
		f.gone(t)
		awaitEmpty(t, tr.cg)
		if !tr.Empty(pid, "") || tr.Kill(pid, "") {
			t.Error("an empty tree isn't empty")
		}
	}
	if after := openFiles(t); after > before+3*2 { // each run has a pipe and a pidfd here; its group has none
		t.Errorf("%d file descriptors became %d", before, after)
	}
	if groups, _ := filepath.Glob(filepath.Join(base, "p-api*")); len(groups) != 1 {
		t.Errorf("groups left: %v", groups)
	}
}

// Without a cgroup the same is held by session and mark.
func TestTreeWithoutACgroup(t *testing.T) {
	var tr Tree
	if err := tr.Open("", "api"); err != nil || tr.cg != nil {
		t.Fatalf("%v, %+v", err, tr)
	}
	mark := testMark(t)
	f := start(t, mark, daemon, tr.Attach)
	tr.Detach()
	pid := f.cmd.Process.Pid
	if tr.Empty(pid, mark) {
		t.Error("it isn't seen")
	}
	if !tr.Kill(pid, mark) {
		t.Error("nobody was there to kill")
	}
	f.gone(t)
	nobodyLeft(t, orphans{session: pid, mark: mark})
	if !tr.Empty(pid, mark) {
		t.Error("an empty tree isn't empty")
	}
}

func TestMakeBaseElsewhere(t *testing.T) {
	dir := t.TempDir()
	if _, err := makeBase(filepath.Join(dir, "none", "below")); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
	before := openFiles(t)
	if _, err := makeBase(filepath.Join(dir, "plain")); !os.IsNotExist(err) { // no cgroup.kill in a plain folder
		t.Errorf("%v", err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d file descriptors became %d", before, after)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestOwnCgroup(t *testing.T) {
	path, err := ownCgroup()
	data, _ := os.ReadFile("/proc/self/cgroup")
	if named := strings.Contains("\n"+string(data), "\n0::"); named != (err == nil) || named && !strings.HasPrefix(path, "/") {
		t.Errorf("%q, %v of %q", path, err, data)
	}
	mount, err := cgroup2Mount()
	if err != nil {
		t.Logf("no cgroup v2 here: %v", err)
		return
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(mount, &fs); err != nil || int64(fs.Type) != unix.CGROUP2_SUPER_MAGIC {
		t.Errorf("%s: %#x, %v", mount, fs.Type, err)
	}
}
