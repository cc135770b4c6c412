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

// in starts daruma from a shell script, which is to exec "$@". files are its descriptors from 3 up.
func in(t *testing.T, definition, script string, files ...*os.File) *service {
	t.Helper()
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, definition)
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	cmd := exec.Command("sh", "-c", script, "sh", daruma, "run", file)
	cmd.ExtraFiles = files
	s.begin(cmd)
	return s
}

// hanging is a definition with one program that only hangs.
func hanging(t *testing.T) string {
	return fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, hang]}\n", testbin.Path(t))
}

// pipe gives both ends; they are closed with the test.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// TestNobodyReadsTheOutput: `daruma run | head -1`. What is printed finds no reader any more, and nothing else changes.
func TestNobodyReadsTheOutput(t *testing.T) {
	r, w := pipe(t)
	r.Close()
	s := in(t, hanging(t), `exec "$@" >&3 2>&3 3>&-`, w)
	e := s.awaitReady("it", 0)
	for n := range 3 {
		if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		e = s.awaitReady("it", n+1)
	}
	if st, _ := s.status("it"); st.SupervisorRestarts != 0 {
		t.Errorf("the supervisor was replaced %d times: %+v", st.SupervisorRestarts, s.seen(control.EventSupervisorReplaced))
	}
}

// TestOutputIsHeld: the terminal is held (Ctrl+S), or a pipe is full. Programs stand up again, and daruma ends all the same.
func TestOutputIsHeld(t *testing.T) {
	_, w := pipe(t)
	fd := int(w.Fd()) // once: it makes it block each time
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := syscall.Write(fd, make([]byte, 4096)); err != nil {
			break
		}
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	s := in(t, hanging(t), `exec "$@" >&3 2>&3 3>&-`, w)
	e := s.awaitReady("it", 0)
	if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.awaitReady("it", 1)
	st, _ := s.status("it")
	if err := syscall.Kill(st.SupervisorPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("a successor", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	s.end()
}

// TestProgramsInheritNothing of what daruma itself was started with: descriptors that were left open, signals that were
// ignored.
func TestProgramsInheritNothing(t *testing.T) {
	_, w := pipe(t)
	def := fmt.Sprintf(`
name: real
programs:
  direct:   {command: [%[1]s, hang]}
  launched: {command: [%[1]s, hang], umask: "022"}
`, testbin.Path(t))
	s := in(t, def, `trap "" PIPE HUP QUIT USR1 TTOU TSTP; exec "$@" <&- 5>&3 9>&3`, w)
	for _, name := range []string{"direct", "launched"} {
		s.next = 0
		pid := s.awaitReady(name, 0).PID
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "SigIgn:") && strings.Trim(line[len("SigIgn:"):], "\t\n0") != "" {
				t.Errorf("%s ignores signals from birth: %s", name, line)
			}
		}
		for _, fd := range []string{"3", "5", "9"} {
			to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd))
			if own, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", w.Fd())); err == nil && to == own {
				t.Errorf("%s has descriptor %s of daruma's parent: %s", name, fd, to)
			}
		}
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", pid)); err != nil || to != os.DevNull {
			t.Errorf("%s reads from %q, %v", name, to, err)
		}
	}
}

// TestNothingIsOpen: no descriptor at all. None of daruma's own files may get the number of a standard stream.
func TestNothingIsOpen(t *testing.T) {
	s := in(t, hanging(t), `exec "$@" <&- >&- 2>&-`)
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	for _, pid := range []int{st.KeeperPID, st.SupervisorPID} {
		for fd := range 3 {
			if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); err != nil || to != os.DevNull {
				t.Errorf("descriptor %d of %d is %q, %v", fd, pid, to, err)
			}
		}
	}
}

// TestNohup: the terminal goes, daruma stays.
func TestNohup(t *testing.T) {
	for name, want := range map[string]bool{"nohup": true, "": false} {
		t.Run("with "+name, func(t *testing.T) {
			if _, err := exec.LookPath("script"); err != nil {
				t.Skip("needs script(1) for a terminal")
			}
			stays(t, name, want)
		})
	}
}

func stays(t *testing.T, nohup string, want bool) {
	hold, end := pipe(t)
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, hanging(t))
	// script(1) makes a terminal, and takes it away when its own input ends.
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	cmd := exec.Command("script", "-qfc", fmt.Sprintf("%s %s run %s >%s/out 2>&1", nohup, daruma, file, dir), "/dev/null")
	cmd.Stdin = hold
	s.begin(cmd)
	s.awaitReady("it", 0)
	st, before := s.status("it")
	keeper, _ := look(st.KeeperPID)
	if err := cmd.Process.Kill(); err != nil { // the terminal is gone with its master
		t.Fatal(err)
	}
	end.Close()
	if !want {
		s.eventually("daruma has ended", func() bool { return !keeper.lives() })
		return
	}
	s.eventually("the terminal is gone", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", st.KeeperPID))
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		return err == nil && fields[4] == "0" // tty_nr
	})
	if err := syscall.Kill(st.KeeperPID, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for n := range 3 { // a service that is shutting down would refuse
		if r := s.command(control.VerbRestart, "it"); !r.Done || r.Generation != before.Generation+n+1 {
			t.Fatalf("restart: %+v", r)
		}
	}
	if err := syscall.Kill(st.KeeperPID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.eventually("daruma has ended", func() bool { return !keeper.lives() })
}

// TestSuccessorCantBegin: what it needs isn't to be had at the moment. What runs isn't ended for that.
func TestSuccessorCantBegin(t *testing.T) {
	s := in(t, hanging(t), `exec "$@"`)
	s.awaitReady("it", 0)
	st, before := s.status("it")
	socket := filepath.Join(s.home, "real", "run", "control.sock")
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(socket, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(st.SupervisorPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.eventually("successors say what is wrong", func() bool {
		return strings.Count(s.out.String(), "is not a socket") >= 3
	})
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	s.eventually("a successor", func() bool {
		_, err := s.client.Status(t.Context())
		return err == nil
	})
	if _, now := s.status("it"); now.PID != before.PID || now.Restarts != 0 {
		t.Errorf("before %+v, now %+v", before, now)
	}
}

// TestBothStoodStill: a frozen container, or kill -STOP of a whole session. The heartbeats that are missing then were
// missing for a reason.
func TestBothStoodStill(t *testing.T) {
	s := in(t, hanging(t), `DARUMA_HANG_SECONDS=1.5 exec "$@"`)
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	both := []int{st.SupervisorPID, st.KeeperPID}
	for _, pid := range both {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(3 * time.Second) // sleep: the time that they miss
	for _, pid := range []int{both[1], both[0]} {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	_, p := s.status("it")
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.awaitReady("it", 1)
	if now, _ := s.status("it"); now.SupervisorPID != st.SupervisorPID {
		t.Errorf("the supervisor was replaced: %+v", s.seen(control.EventSupervisorReplaced))
	}
}
