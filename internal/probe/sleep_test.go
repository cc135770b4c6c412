package probe

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/service/notify"
)

// sleepyMachine is a machine that can sleep, in virtual time.
type sleepyMachine struct{ slept atomic.Int64 }

func (b *sleepyMachine) clock() time.Duration { return time.Duration(b.slept.Load()) }

// sleep is an hour's. On Linux the timers stand still in it, on Windows they go on.
func (b *sleepyMachine) sleep(timersGoOn bool) {
	b.slept.Add(int64(time.Hour))
	if timersGoOn {
		time.Sleep(time.Hour)
	}
}

// sleepy is a program with two failures in a row whose third probe is under way when the machine falls asleep, and fails when it
// wakes up. told: somebody tells of the sleep, as Windows does; else the worker must find out.
func sleepy(t *testing.T, timersGoOn, told bool, after func(context.Context, int) error) (*Worker, *reports, func() time.Duration) {
	t.Helper()
	var machine sleepyMachine
	var woke time.Time
	awake := make(chan struct{})
	s, r := &script{}, &reports{}
	s.answer = func(ctx context.Context, n int) error {
		switch {
		case n == 0:
			return nil
		case n == 3:
			machine.sleep(timersGoOn)
			woke = time.Now()
			defer close(awake)
			return pattern("-")(ctx, n)
		case n < 3:
			return pattern("-")(ctx, n)
		}
		return after(ctx, n)
	}
	w := NewScheduler().Start(t.Context(), Config{Probe: execProbe(2 * time.Second), Kind: Liveness, Slept: machine.clock, Runner: s.run, Report: r.add})
	<-awake
	if told {
		w.Woke()
	}
	synctest.Wait()
	return w, r, func() time.Duration { return time.Since(woke) }
}

// eachSleep runs a test for every way in which a sleep can go by.
func eachSleep(t *testing.T, f func(t *testing.T, timersGoOn, told bool)) {
	for name, c := range map[string]struct{ timersGoOn, told bool }{
		"Linux": {false, false}, "Linux, told": {false, true}, "Windows": {true, false}, "Windows, told": {true, true},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, c.timersGoOn, c.told) }) })
	}
}

// TestSleepIsNoFailure: what was under way is dropped, and a program that needs its time to come to itself gets it.
func TestSleepIsNoFailure(t *testing.T) {
	eachSleep(t, func(t *testing.T, timersGoOn, told bool) {
		// Four or five probes fail in the grace of 10 s; the threshold is 3.
		w, r, since := sleepy(t, timersGoOn, told, pattern("----+"))
		for since() < wakeGrace {
			if l := w.Last(); l.Failures != 0 {
				t.Fatalf("%v after the sleep %d failures count", since(), l.Failures)
			}
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		w.Stop()
		if l := w.Last(); r.text() != "" || !l.Healthy || l.Probes < 20 {
			t.Errorf("reported %q, %+v", r.text(), l)
		}
	})
}

// TestIllAfterTheSleep: a program that stays broken falls, three failures after the grace.
func TestIllAfterTheSleep(t *testing.T) {
	eachSleep(t, func(t *testing.T, timersGoOn, told bool) {
		w, r, since := sleepy(t, timersGoOn, told, pattern("-"))
		for r.text() == "" && since() < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		w.Stop()
		if took := since(); r.text() != "-" || took < wakeGrace+4*time.Second || took > wakeGrace+6500*time.Millisecond {
			t.Errorf("reported %q after %v", r.text(), took)
		}
	})
}

// TestSleepOfTheFrozen: a paused worker stays paused, one that rests stays at rest.
func TestSleepOfTheFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s, r := watch(t, Liveness, execProbe(time.Second), pattern("+"))
		time.Sleep(5 * time.Second)
		w.Pause()
		n := len(s.times())
		w.Woke()
		time.Sleep(time.Minute)
		if len(s.times()) != n || !w.Last().Paused {
			t.Errorf("asked %d times while paused", len(s.times())-n)
		}
		w.Stop()
		w.Woke()
		time.Sleep(time.Minute)
		if len(s.times()) != n || r.text() != "" {
			t.Errorf("asked %d times after the end, reported %q", len(s.times())-n, r.text())
		}
	})
}

// TestNotifyProbeSleeps: a program that couldn't say WATCHDOG=1 in a sleep has a whole window again, and the grace at least.
func TestNotifyProbeSleeps(t *testing.T) {
	for _, told := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var machine sleepyMachine
			p := execProbe(2 * time.Second)
			p.FailureThreshold = 1
			e := startNotifyProbe(t, Config{Kind: Liveness, Probe: p, Slept: machine.clock}, notify.State{})
			e.after(1900 * time.Millisecond)
			machine.sleep(false)
			if told {
				e.Woke()
			}
			e.after(wakeGrace - time.Second)
			e.want(t)
			e.after(2 * time.Second)
			e.want(t, "livenessProbe failed: notify: no WATCHDOG=1 within 2s")
		})
	}
}

// TestThisMachineDoesntSleep: the clocks that are compared stay together while the machine is awake.
func TestThisMachineDoesntSleep(t *testing.T) {
	begin := monotonic.Slept()
	for range 10000 {
		if d := monotonic.Slept() - begin; d > leastSleep/2 || d < -leastSleep/2 {
			t.Fatalf("it slept for %v while it was awake", d)
		}
	}
}
