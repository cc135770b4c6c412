package engine

import (
	"math"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// crash ends the run of now and gives the wait before the next one; the run after it is up when crash returns.
func crash(d *harness, name string) time.Duration {
	d.t.Helper()
	d.exit(name, 1)
	var wait time.Duration
	if p := d.s.Program(name); p.State == Backoff {
		timer := has[SetTimer](d)
		if timer.Serial != p.Serial || timer.Reset || p.NextStart != d.now+timer.After {
			d.t.Fatalf("in Backoff with the timer %+v and the next start at %s, now %s", timer, p.NextStart, d.now)
		}
		wait = timer.After
		d.now += wait
		d.fire(name)
	}
	d.want(name, Spawning)
	d.spawned(name)
	return wait
}

func TestFirstRestartIsImmediate(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.exit("p", 1)
	if s := has[Spawn](d); s.Generation != 2 {
		t.Errorf("run %d follows run 1", s.Generation)
	}
	hasNot[SetTimer](d)
	if f := has[OpenIncident](d); f.Generation != 1 || f.Kind != "exit" || f.Cause != "exit code 1" || f.Exit == nil || f.Exit.Code != 1 {
		t.Errorf("the fall is told as %+v", f)
	}
	if a := has[RecordAction](d); a.Generation != 2 {
		t.Errorf("the action belongs to run 2: %+v", a)
	}
}

func TestBackoffDoublesUpToMax(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.Backoff.Max = 3 * time.Second }))
	d.run("p")
	want := []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}
	for i, w := range want {
		if got := crash(d, "p"); got != w {
			t.Errorf("wait before restart %d: %s, not %s", i+1, got, w)
		}
	}
	for range 3000 { // the power overflows a float64 on the way
		if got := crash(d, "p"); got != 3*time.Second {
			t.Fatalf("after %d failures: %s", d.s.Program("p").Failures, got)
		}
	}
}

func TestBackoffFactorOne(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.Backoff.Factor = 1 }))
	d.run("p")
	crash(d, "p")
	for range 5 {
		if got := crash(d, "p"); got != 500*time.Millisecond {
			t.Errorf("%s", got)
		}
	}
}

func TestNoBackoffNoWait(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.Backoff.Initial = 0 }))
	d.run("p")
	for range 50 {
		if got := crash(d, "p"); got != 0 {
			t.Fatalf("%s", got)
		}
	}
}

func TestJitterStaysInBoundsAndFillsThem(t *testing.T) {
	const jitter = 0.25
	s := New(service(prog("p", func(p *definition.Program) { p.Backoff.Jitter = jitter })), 42)
	p := s.Program("p")
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	const n = 10_000
	for range n {
		p.Failures = 3 // 1 s
		x := s.delay(p).Seconds()
		low, high, sum = min(low, x), max(high, x), sum+x
	}
	if low < 1-jitter || high >= 1+jitter || low > 1-jitter+0.01 || high < 1+jitter-0.01 || math.Abs(sum/n-1) > 0.01 {
		t.Errorf("1 s ± 25 %% gave %.3f to %.3f s, mean %.3f s", low, high, sum/n)
	}
	other := New(service(prog("p", func(p *definition.Program) { p.Backoff.Jitter = jitter })), 43)
	other.Program("p").Failures, p.Failures = 3, 3
	if s.delay(p) == other.delay(other.Program("p")) {
		t.Error("another seed gives the same wait")
	}
}

// healthyTimer gives the timer of the healthy period that the last step set.
func healthyTimer(d *harness) SetTimer {
	d.t.Helper()
	for _, e := range d.out {
		if s, ok := e.(SetTimer); ok && s.Reset {
			return s
		}
	}
	d.t.Fatalf("no healthy period has begun: %s", show(d.out))
	return SetTimer{}
}

func TestHealthyPeriodForgetsFailures(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	crash(d, "p")
	crash(d, "p")
	timer := healthyTimer(d)
	if timer.After != time.Minute {
		t.Errorf("resetAfter is a minute, the timer %s", timer.After)
	}
	d.now += timer.After
	d.step(TimerFired{Program: "p", Serial: timer.Serial, Reset: true})
	if o := has[SetRestartGrant](d); o.Grant.Count != 1 {
		t.Errorf("the free restart is back: %+v", o)
	}
	if p := d.s.Program("p"); p.Failures != 0 || p.Reason != "healthy for 60 s, earlier failures are forgotten" {
		t.Errorf("%d failures, reason %q", p.Failures, p.Reason)
	}
	if got := crash(d, "p"); got != 0 {
		t.Errorf("the next fall is a first one again, but the restart waits %s", got)
	}
}

func TestHealthyPeriodNeedsReadiness(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.ReadinessProbe = &definition.Probe{} }))
	ready := func(ok bool) {
		d.step(Probed{Program: "p", Generation: d.gen("p"), Kind: ReadinessProbe, OK: ok, Reason: "probe"})
	}
	d.run("p")
	crash(d, "p")
	hasNot[SetTimer](d) // up, but not ready
	ready(true)
	first := healthyTimer(d)
	if first.After != time.Minute {
		t.Errorf("the healthy period is a minute, the timer %s", first.After)
	}
	ready(false)
	d.step(TimerFired{Program: "p", Serial: first.Serial, Reset: true})
	if d.s.Program("p").Failures != 1 {
		t.Error("it wasn't ready for all of the period, and its failure is forgotten")
	}
	ready(true)
	second := healthyTimer(d)
	d.step(TimerFired{Program: "p", Serial: second.Serial, Reset: true})
	if d.s.Program("p").Failures != 0 {
		t.Error("its failure isn't forgotten")
	}
}

func TestHealthyPeriodEndsWithTheRun(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	crash(d, "p")
	timer := healthyTimer(d)
	crash(d, "p")
	d.step(TimerFired{Program: "p", Serial: timer.Serial, Reset: true})
	if d.s.Program("p").Failures != 2 {
		t.Error("the timer of an earlier run made its failures forgotten")
	}
}

// A pause interrupts the healthy period; what was resumed must be able to forget its failures as before.
func TestHealthyPeriodAfterPause(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	crash(d, "p")
	old := healthyTimer(d)
	d.step(Request{Verb: Pause, Program: "p"})
	d.step(TimerFired{Program: "p", Serial: old.Serial, Reset: true})
	if d.s.Program("p").Failures != 1 {
		t.Error("a paused program isn't healthy")
	}
	d.step(Request{Verb: Resume, Program: "p"})
	d.step(TimerFired{Program: "p", Serial: healthyTimer(d).Serial, Reset: true})
	if d.s.Program("p").Failures != 0 {
		t.Error("after a pause its failures are never forgotten")
	}
}

func TestRequestsForgetFailures(t *testing.T) {
	for _, verb := range []Verb{Start, Restart} {
		d := newHarness(t, prog("p"))
		d.run("p")
		crash(d, "p")
		d.exit("p", 1)
		d.want("p", Backoff)
		timer := has[SetTimer](d)
		d.step(Request{Verb: verb, Program: "p"})
		if s := has[Spawn](d); s.Generation != 3 || s.Grant.Count != 1 || d.s.Program("p").Failures != 0 {
			t.Errorf("%d: %+v, %d failures", verb, s, d.s.Program("p").Failures)
		}
		d.step(TimerFired{Program: "p", Serial: timer.Serial})
		if len(d.out) > 0 {
			t.Errorf("the timer of the backoff that was cut short had effects: %s", show(d.out))
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		250 * time.Microsecond: "0.25 ms", 500 * time.Millisecond: "500 ms", time.Second: "1 s", 2500 * time.Millisecond: "2.5 s",
		119 * time.Second: "119 s", 2 * time.Minute: "2 min", 90 * time.Minute: "90 min",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%d ns: %q, not %q", d, got, want)
		}
	}
}
