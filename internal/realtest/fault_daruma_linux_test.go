package realtest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestHungSupervisorIsReplaced: stopped, it sends no heartbeat. Its stacks are saved, a successor takes over, the
// program notices nothing.
func TestHungSupervisorIsReplaced(t *testing.T) {
	dir := folder(t)
	def := fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, hang]}\n", testbin.Path(t))
	s := through(t, dir, def, []string{"DARUMA_HANG_SECONDS=0.6"})
	s.awaitReady("it", 0)
	st, before := s.status("it")
	if err := syscall.Kill(st.SupervisorPID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e := s.await("a successor", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	if !strings.Contains(e.Reason, "hung") {
		t.Errorf("the reason %q doesn't say that it hung", e.Reason)
	}
	if _, now := s.status("it"); now.PID != before.PID || !now.Ready {
		t.Errorf("before %+v, now %+v", before, now)
	}
	files, err := filepath.Glob(filepath.Join(s.home, "real", "state", "supervisor-*.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("saved stacks: %v, %v; want one file", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil || strings.Count(string(data), "goroutine ") < 5 || !strings.Contains(string(data), "supervisor.(*supervisor).run") {
		t.Errorf("%s doesn't hold the stacks of all goroutines (%v): %.300s", files[0], err, data)
	}
}

// TestKeeperKilledWithoutCgroups: an ordinary user has no cgroup. Parent-death signal, process group, session and
// environment together leave no orphan either, double forks included.
func TestKeeperKilledWithoutCgroups(t *testing.T) {
	needRoot(t)
	s, _ := asUser(t, func(dir string) string {
		return fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, fork, -n, \"3\", -daemon]}\n", testbin.Path(t))
	})
	s.awaitReady("it", 0)
	st, p := s.status("it")
	var tree []process
	s.eventually("the children have forked", func() bool {
		tree = descendants(t, st.KeeperPID) // the daemons are the keeper's own children by now: it is their subreaper
		return len(tree) >= 3+3 && strings.Contains(s.out.String(), "ready")
	})
	tree = append(tree, descendants(t, p.PID)...)
	if err := syscall.Kill(st.KeeperPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	wantEnded(s, tree)
}

// wantEnded wants none of them running. What is left of them as zombies is for init to collect: their parent was killed.
func wantEnded(s *service, tree []process) {
	s.t.Helper()
	for _, p := range tree {
		s.eventually(p.String()+" has ended", func() bool {
			now, ok := look(p.pid)
			return !ok || now.started != p.started || now.state == "Z" || now.state == "X"
		})
	}
}

// TestTreeEndsWithItsRun without cgroups: the program dies, what it left in other sessions dies too, before the next run.
func TestTreeEndsWithItsRun(t *testing.T) {
	test := func(t *testing.T, s *service) {
		s.awaitReady("it", 0)
		_, p := s.status("it")
		tree := descendants(t, p.PID)
		if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.awaitReady("it", 1)
		s.wantGone(tree)
	}
	def := func(string) string {
		return fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, fork, -n, \"3\", -daemon, -ignore]}\n", testbin.Path(t))
	}
	t.Run("as root", func(t *testing.T) {
		needRoot(t)
		test(t, run(t, folder(t), def("")))
	})
	t.Run("as a user", func(t *testing.T) {
		needRoot(t)
		s, _ := asUser(t, def)
		test(t, s)
	})
}

// asUser runs daruma as an ordinary user without rights.
func asUser(t *testing.T, definition func(dir string) string) (*service, string) {
	t.Helper()
	dir := folder(t)
	const uid = "54322"
	for _, d := range []string{dir, filepath.Join(dir, "h")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(dir, "h"), 54322, 54322); err != nil {
		t.Fatal(err)
	}
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	open(t, daruma)
	open(t, testbin.Path(t))
	return through(t, dir, definition(dir), []string{"HOME=" + dir}, "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"), dir
}

// TestSignals: SIGHUP reloads, SIGTERM stops gracefully, a second one stops at once what ignores the first.
func TestSignals(t *testing.T) {
	dir := folder(t)
	def := fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, ignore-stop], terminationGracePeriodSeconds: 600}\n", testbin.Path(t))
	// setsid: without a terminal SIGHUP means reload wherever the test runs.
	s := through(t, dir, def, nil, "setsid", "-w")
	s.awaitLogged("it", "ready") // before that, it doesn't ignore the signal
	st, _ := s.status("it")
	write(t, filepath.Join(dir, "daruma.yaml"), def+"  two: {command: ["+testbin.Path(t)+", hang]}\n")
	send := func(sig syscall.Signal) {
		if err := syscall.Kill(st.KeeperPID, sig); err != nil {
			t.Fatal(err)
		}
	}
	send(syscall.SIGHUP)
	s.awaitReady("two", 0)
	send(syscall.SIGTERM)
	s.await("stopping", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventStopping })
	send(syscall.SIGTERM)
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// TestReload restarts only what changed, and keeps the old definition where the new one is wrong or not a file at all.
func TestReload(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	def := func(extra string) string {
		return fmt.Sprintf("name: real\nprograms:\n  same: {command: [%[1]s, hang]}\n  other: {command: [%[1]s, hang]%[2]s}\n", testbin.Path(t), extra)
	}
	s := run(t, dir, def(""))
	s.awaitReady("same", 0)
	s.next = 0
	s.awaitReady("other", 0)
	_, same := s.status("same")
	reload := func() (string, int) { return s.verb("reload", "real") }

	write(t, file, def(", env: {A: b}"))
	if out, code := reload(); code != 0 || !strings.Contains(out, "other") {
		t.Fatalf("reload: %d: %s", code, out)
	}
	s.awaitReady("other", 1)

	write(t, file, def(", nosuchkey: 1"))
	if out, code := reload(); code == 0 || !strings.Contains(out, "daruma.yaml:4:") || !strings.Contains(out, "nosuchkey") {
		t.Errorf("a wrong definition was taken: %d: %s", code, out)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, code := reload(); code == 0 || !strings.Contains(out, "director") && !strings.Contains(out, "folder") {
		t.Errorf("a directory was taken for a definition: %d: %s", code, out)
	}
	_, other := s.status("other")
	if _, now := s.status("same"); now.PID != same.PID || now.Generation != 1 || other.Generation != 2 || other.State != control.StateRunning {
		t.Errorf("after all that: same %+v, other %+v", now, other)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	write(t, file, fmt.Sprintf("name: real\nprograms:\n  same: {command: [%[1]s, hang]}\n  new: {command: [%[1]s, hang]}\n", testbin.Path(t)))
	if out, code := reload(); code != 0 {
		t.Fatalf("reload: %d: %s", code, out)
	}
	s.next = 0
	s.awaitReady("new", 0)
	s.eventually("other is gone", func() bool {
		st, err := s.client.Status(t.Context())
		return err == nil && len(st.Programs) == 2
	})
	if _, now := s.status("same"); now.PID != same.PID {
		t.Errorf("same was restarted")
	}
}

// TestListenSurvivesFalls: 50 kills under a steady load of connections, and none is refused.
func TestListenSurvivesFalls(t *testing.T) {
	port := freePort(t)
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  web:
    command: [%s, http, -listen-fds]
    listen: [{name: web, address: "127.0.0.1:%d"}]
    backoff: {initialSeconds: 0}
`, testbin.Path(t), port))
	e := s.awaitReady("web", 0)
	stop, done := make(chan struct{}), make(chan struct{})
	var refused, answered atomic.Int64
	go func() {
		defer close(done)
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for {
			select {
			case <-stop:
				return
			default:
			}
			resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/health", port))
			if err == nil {
				resp.Body.Close()
				answered.Add(1)
			} else if strings.Contains(err.Error(), "refused") {
				refused.Add(1) // a connection that was accepted by a program that then died is lost with it; that is no refusal
			}
		}
	}()
	for range 50 {
		before := answered.Load()
		s.eventually("an answer by this instance", func() bool { return answered.Load() > before+1 })
		if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		e = s.awaitReady("web", e.Generation)
	}
	close(stop)
	<-done
	if n := refused.Load(); n > 0 {
		t.Errorf("%d connections refused, %d answered", n, answered.Load())
	}
}
