package service

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// supervised starts s in a bubble, like rehearse, where somebody listens.
func supervised(t *testing.T, where Environment, period time.Duration, s Service) *rehearsal {
	t.Helper()
	h := &rehearsal{t: t, platform: &fakePlatform{}, log: &buffer{}, stderr: &buffer{}, result: make(chan error, 1)}
	s.Name, s.Logger = "rehearsal", slog.New(slog.NewTextHandler(h.log, nil))
	h.runner = newRunner(s.withDefaults(), surroundings{Platform: h.platform, environment: where, watchdog: period}, newMailbox(), nil)
	h.runner.stderr = h.stderr
	h.runner.exit = func(code int) { h.exits = append(h.exits, code) }
	go func() { h.result <- h.runner.run(context.Background()) }()
	synctest.Wait()
	return h
}

// words are what was told the system since the last call, without beats.
func (h *rehearsal) words(from int) []string {
	synctest.Wait()
	return slices.DeleteFunc(h.platform.all()[from:], func(s string) bool { return s == "beat" })
}

func (h *rehearsal) health() *Health { return h.runner.host.health }

// stubCheck is what a check says, changed by the test.
type stubCheck struct{ atomic.Pointer[error] }

func (v *stubCheck) set(err error) { v.Store(&err) }

func (v *stubCheck) check(context.Context) error {
	if err := v.Load(); err != nil {
		return *err
	}
	return nil
}

func names(r HealthReport) (failed []string) {
	for _, c := range r.Checks {
		if !c.OK {
			failed = append(failed, c.Name)
		}
	}
	return failed
}

func TestCheckRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var runs []time.Duration
		began := time.Now()
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Health().Readiness(Check{Name: "db", Run: func(ctx context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				runs = append(runs, time.Since(began))
				if end, ok := ctx.Deadline(); !ok || time.Until(end) != time.Second {
					t.Errorf("deadline %v, %v: want 1 s", end, ok)
				}
				return nil
			}})
			return obedient(ctx, host)
		}})
		if r := h.health().ReadinessReport(); !r.OK {
			t.Errorf("ready after the first look: %+v", r)
		}
		time.Sleep(25 * time.Second)
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if want := []time.Duration{0, 10 * time.Second, 20 * time.Second}; !slices.Equal(runs, want) {
			t.Errorf("runs at %v, want %v: at once, each period, and none after the end", runs, want)
		}
	})
}

func TestCheckThresholds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection\nrefused")
		var result stubCheck
		h := supervised(t, EnvDaruma, 0, Service{Run: func(ctx context.Context, host *Host) error {
			host.Health().Readiness(Check{Name: "db", Run: result.check, Every: time.Second})
			return obedient(ctx, host)
		}})
		health := h.health()
		from := len(h.platform.all())
		result.set(down)
		time.Sleep(2500 * time.Millisecond)
		if r := health.ReadinessReport(); !r.OK || r.Checks[1].Failures != 2 {
			t.Errorf("after two failures: %+v, want it ready still", r)
		}
		time.Sleep(time.Second)
		if r := health.ReadinessReport(); r.OK || !errors.Is(r.Checks[1].Err, down) || r.Checks[1].At.IsZero() {
			t.Errorf("after three failures: %+v", r)
		}
		time.Sleep(10 * time.Second)
		result.set(nil)
		time.Sleep(time.Second)
		if got, want := h.words(from), []string{"send READY=0 db: connection refused", "send READY=1"}; !slices.Equal(got, want) {
			t.Errorf("daruma was told %q, want %q", got, want)
		}
		if r := health.LivenessReport(); !r.OK {
			t.Errorf("readiness made it unhealthy: %+v", r)
		}
		if log := h.log.String(); strings.Count(log, "check db failed") != 1 || strings.Count(log, "passes again") != 1 {
			t.Errorf("log: %s", log)
		}
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

// Ready means started. A check that hasn't succeeded yet makes the service unready, it doesn't hold up the start.
func TestReadyBeforeTheChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for where, want := range map[Environment][]string{
			EnvDaruma:   {"starting", "running", "send READY=0 db: not checked yet", "send READY=1", "send READY=0 cache: not checked yet", "stopping", "ended 0"},
			EnvSystemd:  {"starting", "running", "stopping", "ended 0"},
			EnvTerminal: {"starting", "running", "stopping", "ended 0"},
		} {
			h := supervised(t, where, 0, Service{Run: func(ctx context.Context, host *Host) error {
				host.Health().Readiness(Check{Name: "db", Run: func(context.Context) error { time.Sleep(500 * time.Millisecond); return nil }})
				return obedient(ctx, host)
			}})
			if got := names(h.health().ReadinessReport()); !slices.Equal(got, []string{"db"}) {
				t.Errorf("%v: failing %q", where, got)
			}
			time.Sleep(time.Second)
			h.health().Readiness(Check{Name: "cache", Run: func(context.Context) error { return errors.New("cold") }, Threshold: 1})
			synctest.Wait()
			h.post(stopMessage(ReasonTerminate))
			if err := h.finish(); err != nil {
				t.Fatal(err)
			}
			h.wantSaid(want...)
			if got := names(h.health().ReadinessReport()); !slices.Contains(got, "service") {
				t.Errorf("%v: a stopped service is ready: %q", where, got)
			}
		}
	})
}

// A check that never returns costs one goroutine however long it hangs, and counts as failed each period.
func TestHungCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int32
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Health().Readiness(Check{Name: "nfs", Run: func(context.Context) error { runs.Add(1); <-release; return nil }, Every: 2 * time.Second})
			return obedient(ctx, host)
		}})
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		c := h.health().ReadinessReport().Checks[1]
		if runs.Load() != 1 || c.Failures < 29 || c.Failures > 31 || !strings.Contains(c.Err.Error(), "hasn't returned for 1m0") {
			t.Errorf("%d runs, %+v: want one, failed each 2 s", runs.Load(), c)
		}
		if n := strings.Count(stacks(), "TestHungCheck.func1.1.1("); n != 1 {
			t.Errorf("%d goroutines hang in the check, want one", n)
		}
		close(release)
		time.Sleep(3 * time.Second)
		if c := h.health().ReadinessReport().Checks[1]; !c.OK || c.Err != nil || runs.Load() < 2 {
			t.Errorf("%d runs, %+v: want it well again", runs.Load(), c)
		}
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCheckTimeout(t *testing.T) {
	for _, polite := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
				host.Health().Readiness(Check{Name: "slow", Run: func(ctx context.Context) error {
					if polite {
						<-ctx.Done()
						return ctx.Err()
					}
					time.Sleep(5 * time.Second)
					return nil
				}, Timeout: 200 * time.Millisecond})
				return obedient(ctx, host)
			}})
			time.Sleep(201 * time.Millisecond)
			synctest.Wait()
			c := h.health().ReadinessReport().Checks[1]
			if c.Failures != 1 || c.Err == nil || c.Err.Error() != "no answer within 200ms" || c.Took != 200*time.Millisecond {
				t.Errorf("polite %v: %+v", polite, c)
			}
			h.post(stopMessage(ReasonTerminate))
			if err := h.finish(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second) // the impolite one ends with the bubble
		})
	}
}

func TestCheckThatPanicsOrExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Health().Readiness(Check{Name: "panics", Run: func(context.Context) error { panic("oh") }})
			host.Health().Readiness(Check{Name: "exits", Run: func(context.Context) error { runtime.Goexit(); return nil }})
			return obedient(ctx, host)
		}})
		r := h.health().ReadinessReport()
		if got := names(r); !slices.Equal(got, []string{"panics", "exits"}) {
			t.Errorf("failing %q", got)
		}
		var panicked *PanicError
		if !errors.As(r.Checks[1].Err, &panicked) || !strings.Contains(string(panicked.Stack), "TestCheckThatPanicsOrExits") {
			t.Errorf("error %v, want a panic with its stack", r.Checks[1].Err)
		}
		if !strings.Contains(h.log.String(), "TestCheckThatPanicsOrExits") {
			t.Errorf("no stack in the log: %s", h.log.String())
		}
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRegistrationRefuses(t *testing.T) {
	well := func(context.Context) error { return nil }
	for name, register := range map[string]func(*Health){
		"no name":     func(h *Health) { h.Liveness(Check{Name: "", Run: well}) },
		"no function": func(h *Health) { h.Readiness(Check{Name: "x", Run: nil}) },
		"taken": func(h *Health) {
			h.Liveness(Check{Name: "x", Run: well})
			h.Readiness(Check{Name: "x", Run: well})
			h.Liveness(Check{Name: "x", Run: well})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error { register(host.Health()); return nil }})
			var panicked *PanicError
			if err := h.finish(); !errors.As(err, &panicked) {
				t.Errorf("%s: %v, want a panic", name, err)
			}
		})
	}
}

// A check at work when the service ends is told so, and waited for.
func TestNothingRunsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Health().Liveness(Check{Name: "long", Run: func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(100 * time.Millisecond)
				ended.Store(true)
				return ctx.Err()
			}, Timeout: time.Hour})
			return obedient(ctx, host)
		}})
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil || !ended.Load() {
			t.Errorf("ended %v, error %v: want the check to have returned first", ended.Load(), err)
		}
		h.health().Liveness(Check{Name: "late", Run: func(context.Context) error { t.Error("it runs after the end"); return nil }})
		time.Sleep(time.Minute)
	})
}
