package service

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// systemdListener stands for systemd: a socket, and what was said to it.
type systemdListener struct {
	t    *testing.T
	conn *net.UnixConn
}

func listenLikeSystemd(t *testing.T, dir string) *systemdListener {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &systemdListener{t, conn}
}

// until gives the lines up to the one that is wanted, with when it came.
func (s *systemdListener) until(want string, timeout time.Duration) (lines []string, at time.Time) {
	s.t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(timeout))
	buf := make([]byte, 8192)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			s.t.Fatalf("no %q within %v; came: %q", want, timeout, lines)
		}
		got := strings.Split(string(buf[:n]), "\n")
		lines = append(lines, got...)
		if slices.Contains(got, want) {
			return lines, time.Now()
		}
	}
}

// service starts the program testdata/notified as systemd would.
func (s *systemdListener) service(dir string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	s.t.Helper()
	program := filepath.Join(dir, "notified")
	if ready := os.Getenv("DARUMA_TEST_BINARIES"); ready != "" { // where there is no go command
		program = filepath.Join(ready, "notified")
	} else if out, err := exec.Command("go", "build", "-o", program, "./testdata/notified").CombinedOutput(); err != nil {
		s.t.Fatalf("building the service: %v\n%s", err, out)
	}
	// exec keeps the pid: WATCHDOG_PID can be the service's own.
	cmd := exec.Command("sh", "-c", strings.Join(env, " ")+` exec "$0"`, program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(dir, "notify"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, &out
}

func TestSystemdWatchdogIsFedAndTriggered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := listenLikeSystemd(t, dir)
	cmd, out := s.service(dir, "WATCHDOG_USEC=2000000", "WATCHDOG_PID=$$")
	s.until("READY=1", 20*time.Second)
	_, last := s.until("WATCHDOG=1", 20*time.Second)
	for range 3 {
		_, at := s.until("WATCHDOG=1", 20*time.Second)
		if gap := at.Sub(last); gap > 1900*time.Millisecond {
			t.Errorf("%v between two beats, where WATCHDOG_USEC is 2 s", gap)
		}
		last = at
	}
	if err := os.WriteFile(filepath.Join(dir, "deadlock"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	lines, _ := s.until("WATCHDOG=trigger", 20*time.Second)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "STATUS=Hung: no heartbeat for 2s") }) {
		t.Errorf("said %q, want a status that tells why", lines)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != ExitWatchdog {
		t.Errorf("exit code %d, want %d", code, ExitWatchdog)
	}
	if !strings.Contains(out.String(), "sync.(*Mutex).Lock") {
		t.Errorf("no stack of the deadlock: %.2000s", out)
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	buf := make([]byte, 8192)
	for n, err := s.conn.Read(buf); err == nil; n, err = s.conn.Read(buf) {
		if strings.Contains(string(buf[:n]), "WATCHDOG=1") {
			t.Error("it was fed after it had been called hung")
		}
	}
}

// Variables that were meant for another process aren't ours (sd_watchdog_enabled(3)).
func TestSystemdWatchdogOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := listenLikeSystemd(t, dir)
	cmd, _ := s.service(dir, "WATCHDOG_USEC=200000", "WATCHDOG_PID="+strconv.Itoa(os.Getpid()))
	lines, _ := s.until("READY=1", 20*time.Second)
	time.Sleep(500 * time.Millisecond) // sleep: nothing is to come
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	more, _ := s.until("STOPPING=1", 20*time.Second)
	if all := append(lines, more...); slices.Contains(all, "WATCHDOG=1") {
		t.Errorf("it feeds somebody else's watchdog: %q", all)
	}
}
