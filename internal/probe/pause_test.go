package probe

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestPauseIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var frozen atomic.Bool
		w, s, r := watch(t, Liveness, execProbe(10*time.Second), func(ctx context.Context, _ int) error {
			if frozen.Load() {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		time.Sleep(25 * time.Second)
		frozen.Store(true)
		w.Pause()
		before := len(s.times())
		time.Sleep(time.Hour)
		if n := len(s.times()); n != before || !w.Last().Paused {
			t.Errorf("asked %d times while paused", n-before)
		}
		frozen.Store(false)
		w.Resume()
		time.Sleep(25 * time.Second)
		w.Stop()
		if r.text() != "" {
			t.Errorf("reported %q", r.text())
		}
		if n := len(s.times()) - before; n < 2 || n > 3 {
			t.Errorf("asked %d times in 25 s after the pause", n)
		}
	})
}

// A probe that is under way when the program is frozen has no result, and what was counted before is forgotten.
func TestPauseDuringProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := execProbe(10 * time.Second)
		p.Timeout = 5 * time.Second
		started := make(chan struct{})
		w, s, r := watch(t, Liveness, p, func(ctx context.Context, n int) error {
			if n == 2 {
				close(started)
			}
			<-ctx.Done()
			return ctx.Err()
		})
		<-started // two have failed, the third is under way
		w.Pause()
		w.Pause() // twice is once
		time.Sleep(time.Minute)
		w.Resume()
		w.Resume()
		if l := w.Last(); l.Failures != 0 || l.Failed != 2 || r.text() != "" {
			t.Errorf("after the pause: %+v, reported %q", l, r.text())
		}
		time.Sleep(20 * time.Second) // two more probes at most: not three in a row
		synctest.Wait()
		if r.text() != "" {
			t.Errorf("reported %q after %d probes", r.text(), len(s.times()))
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		w.Stop()
		if r.text() != "-" {
			t.Errorf("three failures after the pause, reported %q", r.text())
		}
	})
}

// Resume while the probe that Pause called off isn't back: it is asked again all the same.
func TestResumeBeforeProbeIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := make(chan struct{})
		w, s, _ := watch(t, Liveness, execProbe(10*time.Second), func(_ context.Context, n int) error {
			if n == 0 {
				close(started)
				time.Sleep(25 * time.Second) // a process tree that takes long to end
			}
			return nil
		})
		<-started
		w.Pause()
		w.Resume()
		time.Sleep(time.Minute)
		w.Stop()
		if n := len(s.times()); n < 4 {
			t.Errorf("asked %d times in a minute", n)
		}
	})
}

func TestStopDuringProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, over := make(chan struct{}), false
		p := execProbe(10 * time.Second)
		p.FailureThreshold = 1
		w, _, r := watch(t, Liveness, p, func(ctx context.Context, _ int) error {
			close(started)
			<-ctx.Done()
			time.Sleep(300 * time.Millisecond) // ending its tree
			over = true
			return ctx.Err()
		})
		<-started
		begin := time.Now()
		w.Stop()
		if !over || time.Since(begin) != 300*time.Millisecond {
			t.Errorf("Stop returned after %v, the probe over: %t", time.Since(begin), over)
		}
		time.Sleep(time.Hour)
		if r.text() != "" {
			t.Errorf("reported %q", r.text())
		}
		w.Stop() // again is harmless
	})
}

// Stop waits for a report that has begun, and none follows: tried at every moment around the third failure.
func TestNoReportAfterStop(t *testing.T) {
	for shift := -5; shift <= 5; shift++ {
		synctest.Test(t, func(t *testing.T) {
			var stopped, late atomic.Bool
			s := &script{answer: pattern("-")}
			p := execProbe(time.Second)
			p.FailureThreshold = 1
			third := make(chan struct{})
			w := NewScheduler().Start(t.Context(), Config{Probe: p, Kind: Liveness,
				Runner: func(ctx context.Context, c []string) (int, []byte, error) {
					close(third)
					time.Sleep(5 * time.Millisecond)
					return s.run(ctx, c)
				},
				Report: func(Outcome) {
					time.Sleep(3 * time.Millisecond)
					late.Store(stopped.Load())
				}})
			<-third
			time.Sleep(time.Duration(5+shift) * time.Millisecond)
			w.Stop()
			stopped.Store(true)
			time.Sleep(time.Minute)
			if late.Load() {
				t.Errorf("shift %d: a report after Stop had returned", shift)
			}
		})
	}
}
