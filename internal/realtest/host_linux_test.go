package realtest

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// manager is systemd as a service sees it: a socket that hears what it says of itself.
type manager struct {
	t    *testing.T
	path string
	said chan string
}

func newManager(t *testing.T, dir string) *manager {
	t.Helper()
	m := &manager{t: t, path: filepath.Join(dir, "notify"), said: make(chan string, 1000)}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			for line := range strings.Lines(string(buf[:n])) {
				m.said <- strings.TrimSpace(line)
			}
		}
	}()
	return m
}

// await passes over what is said until a line begins with the words, and gives the rest of it.
func (m *manager) await(words string) string {
	m.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-m.said:
			if rest, ok := strings.CutPrefix(line, words); ok {
				return rest
			}
		case <-late:
			m.t.Fatalf("%q wasn't said within %v", words, patience)
		}
	}
}

// host starts daruma as systemd does: the keeper's host, with a socket to speak to.
func host(t *testing.T, m *manager, dir, definition string, args ...string) *service {
	t.Helper()
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, definition)
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h")}
	s.hosted(m, file, args...)
	return s
}

// hosted starts daruma host on a file.
func (s *service) hosted(m *manager, file string, args ...string) {
	s.t.Helper()
	var err error
	if s.daruma, err = built(); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(s.daruma, append([]string{"host", s.name, file}, args...)...)
	cmd.Env = append(cmd.Environ(), "NOTIFY_SOCKET="+m.path)
	s.begin(cmd)
}

// TestHostUnderAServiceManager: ready when the program has a process, its state in words, SIGHUP is a reload with its
// beginning and end, a killed supervisor changes nothing for the service manager, SIGTERM stops cleanly.
func TestHostUnderAServiceManager(t *testing.T) {
	dir := folder(t)
	m := newManager(t, dir)
	definition := "name: real\nprograms:\n  a: {command: ['" + testbin.Path(t) + "', grace, -after, 10ms]}\n"
	s := host(t, m, dir, definition)
	first := s.await("a started", func(e control.Event) bool { return e.Kind == control.EventStarted })
	if text := m.await("STATUS="); text != "1 program: 1 ready" && text != "1 program: 1 starting" {
		t.Errorf("the status says %q", text)
	}
	m.await("READY=1")

	write(t, filepath.Join(dir, "daruma.yaml"), strings.ReplaceAll(definition, "10ms", "20ms"))
	if err := s.cmd.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	m.await("RELOADING=1")
	m.await("READY=1")
	second := s.await("a with its new definition", func(e control.Event) bool { return e.Kind == control.EventStarted })
	if second.PID == first.PID {
		t.Errorf("the reload changed nothing: pid %d still", first.PID)
	}

	status, _ := s.status("a")
	if err := unix.Kill(status.SupervisorPID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("a new supervisor", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	if _, now := s.status("a"); now.PID != second.PID {
		t.Errorf("pid %d after the supervisor's death, want %d", now.PID, second.PID)
	}

	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.await("STOPPING=1")
	m.await("STATUS=Stopped")
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0; it said:\n%s", code, s.out)
	}
}

// TestHostSaysWhyItFailed: a wrong definition is no start, and the service manager hears so.
func TestHostSaysWhyItFailed(t *testing.T) {
	dir := folder(t)
	m := newManager(t, dir)
	s := host(t, m, dir, "name: real\nprograms:\n  a: {comand: [x]}\n")
	m.await(fmt.Sprintf("STATUS=Failed (%d)", exitcode.Refused))
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != int(exitcode.Refused) {
		t.Errorf("exit code %d, want %d", code, exitcode.Refused)
	}
	if !strings.Contains(s.out.String(), "programs.a.comand") {
		t.Errorf("it doesn't say what is wrong:\n%s", s.out)
	}
}
