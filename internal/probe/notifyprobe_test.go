package probe

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/service/notify"
)

// notifyProbeTest is a notify probe with its owner's queue, and what it reported.
type notifyProbeTest struct {
	*NotifyProbe
	said    notify.State
	reports []Outcome
	queue   chan func()
}

func startNotifyProbe(t *testing.T, c Config, said notify.State) *notifyProbeTest {
	t.Helper()
	e := &notifyProbeTest{said: said, queue: make(chan func(), 100)}
	c.Report = func(o Outcome) { e.reports = append(e.reports, o) }
	c.Generation = 7
	e.NotifyProbe = StartNotifyProbe(c, said, func(f func()) { e.queue <- f })
	t.Cleanup(e.Cancel)
	return e
}

// after lets time pass, with the owner at work all the while.
func (e *notifyProbeTest) after(d time.Duration) {
	end := time.NewTimer(d)
	defer end.Stop()
	for {
		select {
		case f := <-e.queue:
			f()
		case <-end.C:
			synctest.Wait()
			for len(e.queue) > 0 {
				(<-e.queue)()
			}
			return
		}
	}
}

func (e *notifyProbeTest) say(messages ...notify.Message) {
	for _, m := range messages {
		e.said.Apply(m)
	}
	e.Update(e.said)
}

// want compares what was reported since the last call: reasons, in order.
func (e *notifyProbeTest) want(t *testing.T, reasons ...string) {
	t.Helper()
	if len(e.reports) != len(reasons) {
		t.Fatalf("reports %+v, want %q", e.reports, reasons)
	}
	for i, o := range e.reports {
		if o.Reason != reasons[i] || o.Generation != 7 || o.Healthy != (o.LastError == "") {
			t.Fatalf("report %+v, want %q", o, reasons[i])
		}
	}
	e.reports = nil
}

func message(key, value string) notify.Message { return notify.Message{Key: key, Value: value} }

func period(seconds float64, threshold int) definition.Probe {
	return definition.Probe{Handler: definition.Handler{Notify: &definition.NotifyAction{}},
		Period: time.Duration(seconds * float64(time.Second)), FailureThreshold: threshold, SuccessThreshold: 1}
}

func TestNotifyProbeLiveness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 1)}, notify.State{})
		for range 20 {
			e.after(9900 * time.Millisecond)
			e.say(message(notify.Watchdog, "1"))
		}
		e.want(t)
		if l := e.Last(); !l.Healthy || l.Successes != 20 || l.At.IsZero() {
			t.Errorf("%+v", l)
		}
		e.say(message(notify.Status, "busy"), message(notify.Ready, "1")) // no heartbeat
		e.after(9999 * time.Millisecond)
		e.want(t)
		e.after(2 * time.Millisecond)
		e.want(t, "livenessProbe failed: notify: no WATCHDOG=1 within 10s")
		e.say(message(notify.Watchdog, "1"))
		e.after(time.Hour)
		e.want(t) // it rests
	})
}

func TestNotifyProbeLivenessThreshold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 3)}, notify.State{})
		e.after(25 * time.Second)
		if l := e.Last(); l.Failures != 2 || l.Result.Message != "notify: no WATCHDOG=1 within 10s" {
			t.Errorf("after 25 s: %+v", l)
		}
		e.say(message(notify.Watchdog, "1"))
		e.after(29900 * time.Millisecond)
		e.want(t)
		e.after(200 * time.Millisecond)
		e.want(t, "livenessProbe failed 3 times in a row: notify: no WATCHDOG=1 within 10s")
	})
}

func TestNotifyProbeLiveWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 3)}, notify.State{})
		e.say(notify.Negative(notify.Live, "stuck"))
		e.want(t, "livenessProbe failed: notify: the program says LIVE=0: stuck")

		e = startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 1)}, notify.State{Dead: true}) // said before the probe began
		e.want(t, "livenessProbe failed: notify: the program says LIVE=0")

		e = startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 1)}, notify.State{})
		e.say(message(notify.Watchdog, "trigger"))
		e.want(t, "livenessProbe failed: notify: the program says LIVE=0: WATCHDOG=trigger")
	})
}

func TestNotifyProbeDelayAndPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := period(10, 1)
		p.InitialDelay = 30 * time.Second
		e := startNotifyProbe(t, Config{Kind: Liveness, Probe: p, Running: 10 * time.Second}, notify.State{})
		e.after(29 * time.Second)
		e.want(t)
		e.Pause()
		e.after(time.Hour)
		e.want(t)
		e.Resume()
		e.after(9 * time.Second)
		e.want(t)
		e.after(2 * time.Second)
		e.want(t, "livenessProbe failed: notify: no WATCHDOG=1 within 10s")
	})
}

// The owner was held up for long: beats that lie in its queue before the verdict count.
func TestNotifyProbeOfABusyOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 1)}, notify.State{})
		time.Sleep(9 * time.Second)
		e.queue <- func() { e.say(message(notify.Watchdog, "1")) }
		time.Sleep(20 * time.Second)
		e.after(time.Second)
		e.want(t)
		e.after(10 * time.Second)
		e.want(t, "livenessProbe failed: notify: no WATCHDOG=1 within 10s")
	})
}

// A timer that comes late tells that the supervisor itself didn't run, and so perhaps nobody: a whole period is granted.
func TestNotifyProbeAfterStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Liveness, Probe: period(10, 1)}, notify.State{})
		e.windowOver(stalledAfter + time.Millisecond)
		e.after(9 * time.Second)
		e.want(t)
		e.windowOver(stalledAfter - time.Millisecond)
		e.want(t, "livenessProbe failed: notify: no WATCHDOG=1 within 10s")
	})
}

func TestNotifyProbeStartup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Startup, Probe: period(1, 30)}, notify.State{})
		e.say(message(notify.Status, "warming up"), notify.Negative(notify.Ready, "not yet"))
		e.after(29 * time.Second)
		e.want(t)
		e.say(message(notify.Ready, "1"), notify.Negative(notify.Ready, "db down")) // started, though not ready at the moment
		e.want(t, "startupProbe succeeded: READY=1")
		e.after(time.Hour)
		e.want(t)

		e = startNotifyProbe(t, Config{Kind: Startup, Probe: period(1, 30)}, notify.State{})
		e.after(31 * time.Second)
		e.want(t, "startupProbe failed: notify: no READY=1 within 30s")

		e = startNotifyProbe(t, Config{Kind: Startup, Probe: period(1, 30)}, notify.State{Started: true})
		e.want(t, "startupProbe succeeded: READY=1")
	})
}

func TestNotifyProbeExtension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		extend := message(notify.ExtendTimeout, "60000000")
		e := startNotifyProbe(t, Config{Kind: Startup, Probe: period(1, 30)}, notify.State{})
		e.after(20 * time.Second)
		e.say(extend)
		e.after(59 * time.Second)
		e.want(t)
		e.say(message(notify.ExtendTimeout, "1")) // never shorter
		e.after(2 * time.Second)
		e.want(t, "startupProbe failed: notify: no READY=1 within 1m20s")

		e = startNotifyProbe(t, Config{Kind: Startup, Probe: period(1, 30)}, notify.State{}) // for ever isn't granted
		for range 3600 + 29 {
			e.say(message(notify.ExtendTimeout, "86400000000"))
			e.after(time.Second)
		}
		e.want(t)
		e.say(extend)
		e.after(2 * time.Second)
		e.want(t, "startupProbe failed: notify: no READY=1 within 1h0m30s")

		e = startNotifyProbe(t, Config{Kind: Startup, Probe: period(1, 30)}, notify.State{}) // nor is it by one word
		e.say(message(notify.ExtendTimeout, "86400000000"))
		e.after(maxExtension + time.Second)
		e.want(t, "startupProbe failed: notify: no READY=1 within 10m0s")
	})
}

func TestNotifyProbeReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startNotifyProbe(t, Config{Kind: Readiness, Probe: period(10, 3)}, notify.State{})
		e.say(message(notify.Status, "warming up"))
		e.want(t)
		if l := e.Last(); l.Healthy || l.Result.Message != "notify: no READY=1 yet" {
			t.Errorf("%+v", l)
		}
		e.say(message(notify.Ready, "1"))
		e.want(t, "readinessProbe succeeded: READY=1")
		e.say(message(notify.Ready, "1"))
		e.say(notify.Negative(notify.Ready, "db down"))
		e.want(t, "readinessProbe failed: notify: the program says READY=0: db down")
		e.say(notify.Negative(notify.Ready, "queue full"))
		e.want(t)
		if l := e.Last(); l.Result.Message != "notify: the program says READY=0: queue full" {
			t.Errorf("%+v", l)
		}
		e.say(message(notify.Ready, "1"))
		e.want(t, "readinessProbe succeeded: READY=1")
		e.say(message(notify.Stopping, "1"))
		e.want(t, "readinessProbe failed: notify: the program says STOPPING=1")
		e.Cancel()
		e.say(message(notify.Ready, "1"))
		e.want(t)

		yes := true // a takeover: what the program said is known, or it has said nothing that is
		e = startNotifyProbe(t, Config{Kind: Readiness, Probe: period(10, 3), Initial: &yes}, notify.State{})
		e.after(time.Hour)
		e.want(t)
		e = startNotifyProbe(t, Config{Kind: Readiness, Probe: period(10, 3), Initial: &yes}, notify.State{Started: true, Unready: "db"})
		e.want(t, "readinessProbe failed: notify: the program says READY=0: db")
	})
}
