package realtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// wantRights checks what /proc says that a process may do.
func wantRights(t *testing.T, who string, pid int, capabilities string) {
	t.Helper()
	status := proc(t, pid, "status")
	for name, want := range map[string]string{
		"CapInh": "0000000000000000", "CapPrm": capabilities, "CapEff": capabilities, "CapAmb": "0000000000000000",
		"NoNewPrivs": "1", "Seccomp": "2",
	} {
		if got := fieldOf(status, name); got != want {
			t.Errorf("the %s has %s %q, want %q", who, name, got, want)
		}
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) < 3 {
		t.Fatalf("threads: %v, %v", tasks, err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		if s := string(text); fieldOf(s, "Seccomp") != "2" || fieldOf(s, "CapPrm") != capabilities || fieldOf(s, "NoNewPrivs") != "1" {
			t.Errorf("the %s's thread %s has rights of its own:\n%s", who, task, s)
		}
	}
}

// readsAll is CAP_DAC_READ_SEARCH, which root's supervisor keeps.
const readsAll = "0000000000000004"

// TestSupervisorGivesUpItsRights: the first one and each successor. The keeper keeps root's, and so do its programs.
func TestSupervisorGivesUpItsRights(t *testing.T) {
	needRoot(t)
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it: {command: [%[1]s, hang], livenessProbe: {exec: {command: [/bin/true]}, periodSeconds: 0.2}}
`, testbin.Path(t)))
	s.awaitReady("it", 0)
	st, p := s.status("it")
	own := proc(t, os.Getpid(), "status")
	for who, pid := range map[string]int{"keeper": st.KeeperPID, "program": p.PID} {
		status := proc(t, pid, "status")
		if fieldOf(status, "CapBnd") != fieldOf(own, "CapBnd") || fieldOf(status, "CapEff") != fieldOf(own, "CapEff") ||
			fieldOf(status, "NoNewPrivs") != "0" || fieldOf(status, "Seccomp") != fieldOf(own, "Seccomp") {
			t.Errorf("the %s lost rights:\n%s", who, status)
		}
	}
	wantRights(t, "supervisor", st.SupervisorPID, readsAll)
	if got := fieldOf(proc(t, st.SupervisorPID, "status"), "CapBnd"); got != readsAll {
		t.Errorf("the supervisor's bounding set is %s", got)
	}
	kill(t, st.SupervisorPID)
	s.eventually("a successor", func() bool {
		now, err := s.client.Status(t.Context())
		return err == nil && now.SupervisorPID != st.SupervisorPID
	})
	next, _ := s.status("it")
	wantRights(t, "successor", next.SupervisorPID, readsAll)
	log, err := os.ReadFile(filepath.Join(s.home, "real", "logs", "daruma.log"))
	if err != nil || strings.Contains(string(log), "keeps rights") {
		t.Errorf("daruma.log (%v): %s", err, log)
	}
}

// TestSupervisorOfAnOrdinaryUser gives up what it has, too.
func TestSupervisorOfAnOrdinaryUser(t *testing.T) {
	needRoot(t) // to become somebody else
	s, _ := asUser(t, func(string) string { return hanging(t) })
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	wantRights(t, "supervisor", st.SupervisorPID, "0000000000000000")
}

// TestSocketsRemoved: where a cleaner of temporary files takes the sockets away, and nothing else, they are made again, by the same supervisor.
func TestSocketsRemoved(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	s := through(t, dir, strings.Replace(hanging(t), "name: real\n", "name: real\ncontrol: {readers: [\"4711\"]}\n", 1), []string{"DARUMA_HANG_SECONDS=1"})
	s.awaitReady("it", 0)
	for _, path := range []string{dir, s.home} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	st, _ := s.status("it")
	run := filepath.Join(s.home, "real", "run")
	o := observe(t, s.home, reader)
	o.awaitMetrics("at first", `daruma_service_up{service="real"} 1`)
	for _, name := range []string{"control.sock", folders.ReadersSocket} {
		if err := os.Remove(filepath.Join(run, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"control.sock", folders.ReadersSocket} {
		s.eventually(name+" is there again", func() bool {
			_, err := os.Lstat(filepath.Join(run, name))
			return err == nil
		})
	}
	o.awaitMetrics("with new sockets", `daruma_service_up{service="real"} 1`)
	if now, _ := s.status("it"); now.SupervisorPID != st.SupervisorPID || len(now.Warnings) > 0 {
		t.Errorf("before %+v, now %+v", st, now)
	}
}

// TestFoldersRemoved: a supervisor may write to the folders that were there at its start. Where somebody removes them, they are made
// anew, and it is replaced; the programs go on, and nobody else can hold the service.
func TestFoldersRemoved(t *testing.T) {
	needRoot(t) // for a cgroup: without one there are no rules
	s := through(t, folder(t), hanging(t), []string{"DARUMA_HANG_SECONDS=1"})
	s.awaitReady("it", 0)
	st, before := s.status("it")
	logs := filepath.Join(s.home, "real", "logs")
	if err := os.RemoveAll(logs); err != nil {
		t.Fatal(err)
	}
	s.eventually("a successor", func() bool {
		now, err := s.client.Status(t.Context())
		return err == nil && now.SupervisorPID != st.SupervisorPID
	})
	s.eventually("it logs again", func() bool {
		_, err := os.Stat(filepath.Join(logs, "daruma.log"))
		return err == nil
	})
	run := filepath.Join(s.home, "real", "run")
	if err := os.RemoveAll(run); err != nil {
		t.Fatal(err)
	}
	s.eventually("the keeper holds the lock again", func() bool { // it signs after it has it
		pid, err := os.ReadFile(filepath.Join(run, "lock"))
		return err == nil && strings.TrimSpace(string(pid)) == fmt.Sprint(st.KeeperPID)
	})
	var held *lock.HeldError
	if _, _, err := lock.Take(filepath.Join(run, "lock")); !errors.As(err, &held) {
		t.Errorf("another daruma could take the service: %v", err)
	}
	s.eventually("a supervisor answers again", func() bool {
		_, err := s.client.Status(t.Context())
		return err == nil
	})
	if _, now := s.status("it"); now.PID != before.PID {
		t.Errorf("before %+v, now %+v", before, now)
	}
}

// TestSecondDarumaFindsTheFirst: a cleaner removes the run folder with the lock in it, and a person is told that nothing runs and starts it.
// The keeper looks at its lock every few seconds only; until then its processes show that it lives.
func TestSecondDarumaFindsTheFirst(t *testing.T) {
	dir := folder(t)
	s := through(t, dir, hanging(t), nil)
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	if err := os.RemoveAll(filepath.Join(s.home, "real", "run")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	second := exec.CommandContext(ctx, s.daruma, "run", filepath.Join(dir, "daruma.yaml"))
	second.Env = append(os.Environ(), "DARUMA_HOME="+s.home)
	second.Cancel = func() error { return second.Process.Signal(syscall.SIGTERM) }
	out, _ := second.CombinedOutput()
	want := fmt.Sprintf("real already runs under another daruma (pid %d)", st.KeeperPID)
	if code := second.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), want) {
		t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, out)
	}
	if ended := s.seen(control.EventExited); len(ended) > 0 {
		t.Errorf("a second daruma ended the first one's program: %+v", ended)
	}
}
