package service

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// leave lets a Run that never returns go with the bubble: synctest wants every goroutine ended.
func leave(ctx context.Context, release chan struct{}) error {
	select {
	case <-release:
	case <-ctx.Done():
		<-release
	}
	return nil
}

func TestHeartbeatMissed(t *testing.T) {
	for _, c := range []struct {
		name  string
		where Environment
		outer time.Duration
		limit time.Duration // Service.Watchdog
		want  time.Duration // from the last beat to the end
		says  string
	}{
		{"nobody outside", EnvSCM, 0, 0, 30 * time.Second, ""},
		{"by the service's own limit", EnvTerminal, 0, 8 * time.Second, 8 * time.Second, ""},
		{"systemd's", EnvSystemd, 20 * time.Second, 0, 20 * time.Second, "send STATUS=Hung: no heartbeat for"},
		{"daruma's", EnvDaruma, 4 * time.Second, 0, 4 * time.Second, "send LIVE=0 no heartbeat for 4s"},
		{"own before systemd's", EnvSystemd, 20 * time.Second, 60 * time.Second, 60 * time.Second, "send STATUS=Hung: no heartbeat for"},
	} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			var last atomic.Pointer[time.Time]
			h := supervised(t, c.where, c.outer, Service{Watchdog: c.limit, Run: func(ctx context.Context, host *Host) error {
				host.Heartbeat()
				host.Ready()
				for range 100 {
					time.Sleep(c.want / 3)
					host.Heartbeat()
				}
				now := time.Now()
				last.Store(&now)
				return leave(ctx, release)
			}})
			err := h.finish()
			took := time.Since(*last.Load())
			if ExitCode(err) != ExitWatchdog || !slices.Equal(h.exits, []int{ExitWatchdog}) {
				t.Errorf("%s: %v, exits %v", c.name, err, h.exits)
			}
			if took < c.want*7/8 || took > c.want*9/8 {
				t.Errorf("%s: ended %v after the last beat, want about %v", c.name, took, c.want)
			}
			if all := strings.Join(h.platform.all(), "\n"); !strings.Contains(all, c.says) {
				t.Errorf("%s: said %q, want %q", c.name, all, c.says)
			}
			for where, text := range map[string]string{"stderr": h.stderr.String(), "log": h.log.String()} {
				if !strings.Contains(text, "service.leave") || !strings.Contains(text, "no heartbeat for") {
					t.Errorf("%s: no stack of the deadlock in %s: %.300s", c.name, where, text)
				}
			}
			close(release)
		})
	}
}

// The outer watchdog is fed at half its period for as long as the service is alive, armed or not, and not a moment longer.
func TestFeeding(t *testing.T) {
	for _, where := range []Environment{EnvSystemd, EnvDaruma} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			h := supervised(t, where, 10*time.Second, Service{Run: func(ctx context.Context, host *Host) error {
				host.Ready()
				return leave(ctx, release)
			}})
			time.Sleep(time.Minute)
			synctest.Wait()
			beats := func() (n int) {
				for _, s := range h.platform.all() {
					if s == "beat" {
						n++
					}
				}
				return n
			}
			if n := beats(); n != 13 {
				t.Errorf("%v: %d beats in a minute, want 13", where, n)
			}
			repeated := slices.Contains(h.platform.all(), "send READY=1")
			if repeated != (where == EnvDaruma) {
				t.Errorf("%v: readiness repeated: %v", where, repeated)
			}
			h.post(stopMessage(ReasonTerminate)) // the outer watchdog runs on during the stop
			before := beats()
			time.Sleep(20 * time.Second)
			synctest.Wait()
			if n := beats() - before; n != 4 {
				t.Errorf("%v: %d beats in 20 s of stopping, want 4", where, n)
			}
			close(release)
			if err := h.finish(); err != nil {
				t.Fatal(err)
			}
			before = beats()
			time.Sleep(time.Minute)
			if n := beats(); n != before {
				t.Errorf("%v: %d beats after the end", where, n-before)
			}
		})
	}
}

func TestNothingIsExpectedBeforeTheFirstBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := supervised(t, EnvSCM, 0, Service{Watchdog: time.Second, Run: obedient})
		time.Sleep(time.Hour)
		if r := h.health().LivenessReport(); !r.OK || h.state() != platform.Running {
			t.Errorf("%+v, state %v", r, h.state())
		}
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

// While it pauses or stops, a service owes no heartbeat; when it goes on it has a whole period again.
func TestPauseAndStopExpectNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := supervised(t, EnvSCM, 0, Service{Watchdog: 8 * time.Second, StopTimeout: time.Minute,
			OnPause: func(context.Context) error { return nil }, OnContinue: func(context.Context) error { return nil },
			Run: func(ctx context.Context, host *Host) error {
				host.Heartbeat()
				host.Ready()
				<-ctx.Done()
				time.Sleep(50 * time.Second)
				return nil
			}})
		time.Sleep(4 * time.Second)
		h.post(controlMessage{control: pauseControl})
		time.Sleep(time.Hour)
		if h.state() != platform.Paused {
			t.Fatalf("state %v", h.state())
		}
		h.post(controlMessage{control: continueControl})
		time.Sleep(6 * time.Second)
		if h.state() != platform.Running {
			t.Fatalf("state %v", h.state())
		}
		h.post(stopMessage(ReasonStop))
		if err := h.finish(); err != nil || len(h.exits) > 0 {
			t.Errorf("%v, exits %v: a stop that takes its time was taken for a hang", err, h.exits)
		}
	})
}

func TestLivenessCheckEndsTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var result stubCheck
		release := make(chan struct{})
		h := supervised(t, EnvDaruma, 0, Service{Run: func(ctx context.Context, host *Host) error {
			host.Health().Liveness(Check{Name: "queue", Run: result.check, Every: 5 * time.Second})
			host.Ready()
			return leave(ctx, release)
		}})
		time.Sleep(time.Minute)
		result.set(errors.New("stuck"))
		failing := time.Now()
		err := h.finish()
		if ExitCode(err) != ExitWatchdog || time.Since(failing) > 15*time.Second {
			t.Errorf("%v after %v", err, time.Since(failing))
		}
		if said := h.platform.all(); !slices.Contains(said, "send LIVE=0 liveness check queue failed 3 times in a row: stuck") {
			t.Errorf("said %q", said)
		}
		if r := h.health().LivenessReport(); r.OK || !slices.Equal(names(r), []string{"heartbeat", "queue"}) {
			t.Errorf("%+v", r)
		}
		close(release)
	})
}

// TestProgramThatPingsItself: beside its own signs of life ours would call it alive when it hangs.
func TestProgramThatPingsItself(t *testing.T) {
	for _, limit := range []time.Duration{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			p := &fakePlatform{}
			s := Service{Name: "own", Watchdog: limit, Logger: slog.New(slog.DiscardHandler), Run: obedient}
			if err := s.check(); err != nil {
				t.Fatal(err)
			}
			r := newRunner(s.withDefaults(), surroundings{Platform: p, watchdog: 2 * time.Second}, newMailbox(), nil)
			done := make(chan error, 1)
			go func() { done <- r.run(context.Background()) }()
			time.Sleep(10 * time.Second)
			r.mail.post(stopMessage(ReasonTerminate))
			if err := <-done; err != nil {
				t.Error(err)
			}
			if beats := slices.Contains(p.all(), "beat"); beats != (limit == 0) {
				t.Errorf("Watchdog %v: %q", limit, p.all())
			}
		})
	}
}
