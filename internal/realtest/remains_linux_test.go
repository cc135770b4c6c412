package realtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// descriptors lists the open files of a process.
func descriptors(t *testing.T, pid int) []string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		to, _ := os.Readlink(filepath.Join(dir, e.Name()))
		list = append(list, e.Name()+"→"+to)
	}
	return list
}

// wantDescriptors wants the process back to at most so many: what was on its way when they were counted may be less.
func (s *service) wantDescriptors(who string, pid, most int) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // sleep: nobody tells
		now := descriptors(s.t, pid)
		if len(now) <= most {
			return
		}
		if time.Now().After(end) {
			s.t.Errorf("the %s has %d open files, it had %d: %v", who, len(now), most, now)
			return
		}
	}
}

// rounds is n, or all of it with DARUMA_LONG=1: what takes minutes isn't for every run.
func rounds(n, all int) int {
	if os.Getenv("DARUMA_LONG") == "1" {
		return all
	}
	return n
}

// TestDescriptorsStayFlat through 1,000 falls of a program, reloads to ever new programs, and deaths of supervisors.
func TestDescriptorsStayFlat(t *testing.T) {
	def := func(extra string) string {
		return fmt.Sprintf(`
name: real
programs:
  good: {command: [%[1]s, hang], livenessProbe: {exec: {command: [/bin/true]}, periodSeconds: 0.05, timeoutSeconds: 30}} # a reload holds orders up while the definition is read
%[2]s`, testbin.Path(t), extra)
	}
	const falling = "  falls: {command: [/bin/false], backoff: {initialSeconds: 0}, logs: {format: json}}\n"
	s := in(t, def(""), `exec "$@" --quiet`) // what is printed is read from the logs of all programs there ever were
	file := filepath.Join(filepath.Dir(s.home), "daruma.yaml")
	s.awaitReady("good", 0)
	st, before := s.status("good")
	reload := func(extra string) {
		t.Helper()
		write(t, file, def(extra))
		if _, err := s.client.Command(t.Context(), control.Command{Verb: control.VerbReload}); err != nil { // without waiting for a second
			t.Fatal(err)
		}
	}
	gone := func() {
		t.Helper()
		reload("")
		s.eventually("only good is left", func() bool {
			st, err := s.client.Status(t.Context())
			return err == nil && len(st.Programs) == 1
		})
	}
	reload(falling)
	s.awaitReady("falls", 50)
	gone()
	time.Sleep(200 * time.Millisecond)                                                                 // sleep: what was on its way is through
	keeper, supervisor := len(descriptors(t, st.KeeperPID))+2, len(descriptors(t, st.SupervisorPID))+4 // an exec probe may run

	reload(falling)
	s.awaitReady("falls", 1050)
	gone()
	s.wantDescriptors("keeper after 1,000 falls", st.KeeperPID, keeper)
	s.wantDescriptors("supervisor after 1,000 falls", st.SupervisorPID, supervisor)

	for n := range rounds(15, 100) {
		reload(fmt.Sprintf("  new%d: {command: [%s, hang]}\n", n, testbin.Path(t)))
		s.awaitReady(fmt.Sprintf("new%d", n), 0)
	}
	gone()
	s.wantDescriptors("keeper after reloads", st.KeeperPID, keeper)
	s.wantDescriptors("supervisor after reloads", st.SupervisorPID, supervisor)

	for range rounds(12, 200) {
		now, _ := s.status("good")
		if err := syscall.Kill(now.SupervisorPID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.eventually("a successor", func() bool {
			next, err := s.client.Status(t.Context())
			return err == nil && next.SupervisorPID != now.SupervisorPID
		})
	}
	now, after := s.status("good")
	s.wantDescriptors("keeper after deaths of supervisors", st.KeeperPID, keeper)
	s.wantDescriptors("last supervisor", now.SupervisorPID, supervisor)
	if after.PID != before.PID {
		t.Errorf("good was restarted: %+v", after)
	}
	if left, _ := filepath.Glob(filepath.Join(s.home, "real", "run", "stacks-*")); len(left) != 1 {
		t.Errorf("files for stacks: %v, want that of the last supervisor", left)
	}
}

// TestOldSupervisorEndsNothing: it stood still while its keeper was killed. When it comes to itself, there is a new
// keeper with the same service, and that isn't its to bury.
func TestOldSupervisorEndsNothing(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, hanging(t))
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	old, _ := look(st.SupervisorPID)
	for _, step := range []struct {
		pid int
		sig syscall.Signal
	}{{st.SupervisorPID, syscall.SIGSTOP}, {st.KeeperPID, syscall.SIGKILL}} {
		if err := syscall.Kill(step.pid, step.sig); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if old.lives() {
			_ = syscall.Kill(old.pid, syscall.SIGKILL)
		}
	})
	s.eventually("the keeper is gone", func() bool { // its ended channel waits for the output, which the stopped one holds
		now, ok := look(st.KeeperPID)
		return !ok || now.state == "Z"
	})
	next := run(t, dir, hanging(t))
	next.awaitReady("it", 0)
	_, before := next.status("it")
	if old.lives() {
		_ = syscall.Kill(old.pid, syscall.SIGCONT)
		next.eventually("the old supervisor has ended", func() bool { return !old.lives() })
	}
	if _, now := next.status("it"); now.PID != before.PID || now.Restarts != 0 {
		t.Errorf("before %+v, now %+v", before, now)
	}
}

// TestInAKilledGroup: daruma runs in a cgroup whose processes were killed at some time. Since Linux 6.14 whatever is
// born from there into another group is killed at once.
func TestInAKilledGroup(t *testing.T) {
	needRoot(t)
	root := ""
	for _, at := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(at, "cgroup.subtree_control")); err == nil {
			root = at
		}
	}
	group := filepath.Join(root, fmt.Sprintf("daruma-test-killed-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o755); root == "" || err != nil {
		if os.Getenv("DARUMA_CI") == "1" && os.Getenv("DARUMA_CI_WITHOUT") != "cgroup" {
			t.Fatalf("needs cgroup v2: %v", err)
		}
		t.Skipf("needs cgroup v2: %v", err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) { // sleep: the kernel tells nobody
			if err := os.Remove(group); err == nil || errors.Is(err, os.ErrNotExist) || time.Now().After(end) {
				return
			}
		}
	})
	if err := os.WriteFile(filepath.Join(group, "cgroup.kill"), []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	s := in(t, hanging(t), fmt.Sprintf(`echo $$ >%s/cgroup.procs && exec "$@"`, group))
	e := s.awaitReady("it", 0)
	for n := range 3 {
		if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		e = s.awaitReady("it", n+1)
	}
	if falls := s.seen(control.EventExited); len(falls) != 3 {
		t.Errorf("%d falls, want the 3 kills", len(falls))
	}
	own, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", e.PID))
	if err != nil || !strings.Contains(string(own), filepath.Base(group)) {
		t.Errorf("the program is in %s (%v)", own, err)
	}
}
