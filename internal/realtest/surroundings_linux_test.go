package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

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
	// A signal that was sent before is taken before this one.
	if err := syscall.Kill(st.KeeperPID, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.awaitNext("it stands again", func(e control.Event) bool {
		return e.Program == "it" && e.Kind == control.EventReady && e.Generation == 2
	})
	if err := syscall.Kill(st.KeeperPID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.eventually("daruma has ended", func() bool { return !keeper.lives() })
}

// awaitNext is await where the process that was started isn't daruma itself.
func (s *service) awaitNext(what string, found func(control.Event) bool) {
	s.t.Helper()
	s.eventually(what, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			if found(e) {
				return true
			}
		}
		return false
	})
}
