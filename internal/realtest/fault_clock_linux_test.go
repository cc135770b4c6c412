package realtest

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestClockSetBack sets this machine's clock back a year while programs run, are probed, fall and wait in backoff:
// every decision and every duration goes by the monotonic clock. Because the clock is everybody's, the test runs only
// where DARUMA_TEST_CLOCK is set; .ci/run does that in a step of its own.
func TestClockSetBack(t *testing.T) {
	if os.Getenv("DARUMA_TEST_CLOCK") == "" {
		t.Skip("this test sets the machine's clock; DARUMA_TEST_CLOCK=1 allows it")
	}
	needRoot(t)
	port := freePort(t)
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  probed:
    command: [%[1]s, http, -addr, "127.0.0.1:%[2]d"]
    readinessProbe: {httpGet: {path: /health, port: %[2]d}, periodSeconds: 0.1}
    livenessProbe: {httpGet: {path: /health, port: %[2]d}, periodSeconds: 0.1, timeoutSeconds: 5}
  falls: {command: [%[1]s, hang], backoff: {initialSeconds: 1, maxSeconds: 1, jitter: 0}}
`, testbin.Path(t), port))
	first := s.awaitReady("probed", 0)
	s.next = 0
	e := s.awaitReady("falls", 0)
	e = s.fell("falls", e)
	restore := setClockBack(t, 365*24*time.Hour)
	defer restore()
	begin := monotonic(t)
	if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil { // the second fall: a second of backoff
		t.Fatal(err)
	}
	e = s.awaitReady("falls", e.Generation)
	if took := monotonic(t) - begin; took < 900*time.Millisecond || took > 30*time.Second {
		t.Errorf("a backoff of 1 s took %v", took)
	}
	if out, code := s.verb("logs", "-n", "5", "real/falls"); code != 0 {
		t.Errorf("logs: %d %s", code, out)
	}
	if r := s.command(control.VerbRestart, "falls"); !r.Done || r.TookMs < 0 || r.TookMs > 30_000 {
		t.Errorf("restart: %+v", r)
	}
	st, p := s.status("probed")
	if p.PID != first.PID || !p.Ready || p.UptimeSeconds < 0 || p.UptimeSeconds > 600 || st.UptimeSeconds < 0 || st.UptimeSeconds > 600 {
		t.Errorf("probed: %+v", p)
	}
	s.eventually("the falls are recorded with sane durations", func() bool {
		falls := 0
		for _, i := range s.incidents() {
			if i.Down.Duration() < 0 || i.Down.Duration() > 10*time.Minute {
				t.Errorf("down for %v", i.Down.Duration())
			}
			falls += i.Falls
		}
		return falls == 2
	})
	restore()
	if out, code := s.verb("incidents", "real"); code != 0 {
		t.Errorf("incidents: %d %s", code, out)
	}
}

// fell kills a run and gives the next.
func (s *service) fell(program string, e control.Event) control.Event {
	s.t.Helper()
	if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	return s.awaitReady(program, e.Generation)
}

func monotonic(t *testing.T) time.Duration {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// setClockBack sets the clock back and gives a function that sets it right again, by the monotonic clock.
func setClockBack(t *testing.T, by time.Duration) (restore func()) {
	t.Helper()
	start, wall := monotonic(t), time.Now()
	set := func(to time.Time) error {
		ts, err := unix.TimeToTimespec(to)
		if err != nil {
			return err
		}
		return unix.ClockSettime(unix.CLOCK_REALTIME, &ts)
	}
	if err := set(wall.Add(-by)); err != nil {
		t.Fatalf("setting the clock: %v", err)
	}
	done := false
	return func() {
		if done {
			return
		}
		done = true
		if err := set(wall.Add(monotonic(t) - start)); err != nil {
			t.Errorf("setting the clock right: %v", err)
		}
	}
}
