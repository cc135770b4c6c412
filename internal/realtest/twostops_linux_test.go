package realtest

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// askTwice sends two requests to stop, so far apart, and waits for the end.
func (s *service) askTwice(gap time.Duration) (exit int) {
	s.t.Helper()
	for n := range 2 {
		if n == 1 {
			time.Sleep(gap) // sleep: the gap is what is tested
		}
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && n == 0 {
			s.t.Fatal(err)
		}
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("daruma didn't end within %v of two SIGTERM", patience)
	}
	return s.cmd.ProcessState.ExitCode()
}

const unfinished = "the supervisor didn't finish"

// TestTwoStops: two requests to stop, however close, end with 0; where they don't, it is said why. Two signals may arrive as one (signal(7)):
// then the grace period is waited for.
func TestTwoStops(t *testing.T) {
	for _, gap := range []time.Duration{0, 20 * time.Millisecond, 200 * time.Millisecond} {
		t.Run(fmt.Sprint(gap), func(t *testing.T) {
			s := run(t, folder(t), "name: real\nprograms:\n  it: {command: [/bin/sh, -c, \"trap '' TERM; while :; do sleep 1; done\"], terminationGracePeriodSeconds: 1}\n")
			s.awaitReady("it", 0)
			if code := s.askTwice(gap); code != 0 && !strings.Contains(s.out.String(), unfinished) {
				t.Errorf("exit code %d and no word why:\n%s", code, s.out)
			}
		})
	}
}

// TestTwoStopsWithAHungSupervisor: it is ended after its time, and that the last output may be missing is said beside the exit code.
func TestTwoStopsWithAHungSupervisor(t *testing.T) {
	s := run(t, folder(t), "name: real\nprograms:\n  it: {command: [sleep, \"1000\"]}\n")
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	if err := syscall.Kill(st.SupervisorPID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if code := s.askTwice(20 * time.Millisecond); code != 1 || !strings.Contains(s.out.String(), unfinished) {
		t.Errorf("exit code %d, want 1 and a word why:\n%s", code, s.out)
	}
}
