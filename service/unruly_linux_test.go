package service

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childVariable makes TestUnrulyChild the service of that name.
const childVariable = "DARUMA_UNRULY"

// TestUnrulyChild is no test but the process of those below.
func TestUnrulyChild(t *testing.T) {
	s := Service{Name: "unruly", StopTimeout: 500 * time.Millisecond}
	switch os.Getenv(childVariable) {
	case "deaf":
		s.Run = func(_ context.Context, host *Host) error {
			host.Ready()
			_ = unix.Kill(os.Getpid(), unix.SIGTERM)
			select {}
		}
	case "flood": // until its stdout is full, and then its end
		s.Run = func(_ context.Context, host *Host) error {
			host.Ready()
			for range 20_000 {
				host.Log().Info("flood", "text", strings.Repeat("x", 100))
			}
			return nil
		}
	case "sockets":
		s.Run = func(_ context.Context, host *Host) error {
			_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
			l, err := host.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			return l.Close()
		}
	case "plain":
		s.Run = func(_ context.Context, host *Host) error {
			host.Ready()
			host.Heartbeat()
			return nil
		}
	default:
		return
	}
	os.Exit(ExitCode(Run(context.Background(), s, nil)))
}

func unrulyChild(t *testing.T, what string, env ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestUnrulyChild$")
	cmd.Env = append(os.Environ(), append(env, childVariable+"="+what)...)
	return cmd
}

func wantExit(t *testing.T, cmd *exec.Cmd, want int) {
	t.Helper()
	if state := cmd.ProcessState; state.ExitCode() != int(want) {
		t.Errorf("%v, want exit status %d (%v)", state, want, want)
	}
}

// Whoever read stdout and stderr may be gone. systemd takes the end by SIGPIPE for a clean one (SuccessExitStatus=).
func TestLastWordsToNobody(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	defer func() { _ = write.Close() }()
	cmd := unrulyChild(t, "deaf")
	cmd.Stdout, cmd.Stderr = write, write
	_ = cmd.Run()
	wantExit(t, cmd, ExitStopTimeout)
}

// A full pipe keeps nobody from the end.
func TestLastWordsToAFullPipe(t *testing.T) {
	for what, want := range map[string]int{"deaf": ExitStopTimeout, "flood": ExitOK} {
		t.Run(what, func(t *testing.T) {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = read.Close() }()
			cmd := unrulyChild(t, what)
			cmd.Stdout, cmd.Stderr = write, write
			begin := time.Now()
			fill(t, write)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = write.Close()
			_ = cmd.Wait()
			wantExit(t, cmd, want)
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("ended after %v", took)
			}
		})
	}
}

// fill makes a pipe small and fills it.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	size, err := unix.FcntlInt(pipe.Fd(), unix.F_SETPIPE_SZ, os.Getpagesize())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
}

// What is in the environment may be anything: another program's, or a mistake.
func TestGarbageInTheEnvironment(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for _, c := range []struct {
		what string
		env  []string
	}{
		{"plain", []string{"NOTIFY_SOCKET=/nowhere"}},
		{"plain", []string{"NOTIFY_SOCKET=/" + long}},
		{"plain", []string{"NOTIFY_SOCKET=@" + long}},
		{"plain", []string{"NOTIFY_SOCKET=@"}},
		{"plain", []string{"NOTIFY_SOCKET=@gone"}},
		{"plain", []string{"NOTIFY_SOCKET=vsock:2:1234"}},
		{"plain", []string{"NOTIFY_SOCKET=/dev/null"}},
		{"plain", []string{"NOTIFY_SOCKET=@gone", "WATCHDOG_USEC=x"}},
		{"plain", []string{"NOTIFY_SOCKET=@gone", "WATCHDOG_USEC=-1"}},
		{"plain", []string{"NOTIFY_SOCKET=@gone", "WATCHDOG_USEC=9223372036854775807"}},
		{"plain", []string{"NOTIFY_SOCKET=@gone", "WATCHDOG_USEC=99999999999999999999999"}},
		{"plain", []string{"DARUMA_NOTIFY=x"}},
		{"plain", []string{"DARUMA_NOTIFY=-1"}},
		{"plain", []string{"DARUMA_NOTIFY=2"}},
		{"plain", []string{"DARUMA_NOTIFY=99999999999999999999"}},
		{"plain", []string{"DARUMA_NOTIFY=1000000"}},
		{"plain", []string{"DARUMA_NOTIFY=4"}}, // the runtime's own, if any
		{"sockets", []string{"LISTEN_FDS=-1"}},
		{"sockets", []string{"LISTEN_FDS=0"}},
		{"sockets", []string{"LISTEN_FDS=x"}},
		{"sockets", []string{"LISTEN_FDS=1"}}, // none is there
		{"sockets", []string{"LISTEN_FDS=1000000000"}},
		{"sockets", []string{"LISTEN_FDS=9223372036854775807"}},
		{"sockets", []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=" + strings.Repeat(":", 1000)}},
	} {
		t.Run(fmt.Sprintf("%.60s", strings.Join(c.env, " ")), func(t *testing.T) {
			cmd := unrulyChild(t, c.what, c.env...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %.2000s", err, out)
			}
		})
	}
}
