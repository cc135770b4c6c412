package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// script is a program under probe: it answers as told, and remembers when it was asked.
type script struct {
	mu    sync.Mutex
	asked []time.Time
	// answer gets the number of the probe, from 0.
	answer func(ctx context.Context, n int) error
}

func (s *script) run(ctx context.Context, _ []string) (int, []byte, error) {
	s.mu.Lock()
	n := len(s.asked)
	s.asked = append(s.asked, time.Now())
	s.mu.Unlock()
	if err := s.answer(ctx, n); err != nil {
		if errors.Is(err, ErrUnknown) {
			return 0, nil, err
		}
		return 1, []byte(err.Error()), nil
	}
	return 0, nil, nil
}

func (s *script) times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.asked...)
}

// pattern answers by a text of + (well) and - (ill) and ? (unknown); the last one goes on.
func pattern(p string) func(context.Context, int) error {
	return func(_ context.Context, n int) error {
		switch p[min(n, len(p)-1)] {
		case '+':
			return nil
		case '?':
			return fmt.Errorf("%w: the keeper is gone", ErrUnknown)
		}
		return errors.New("ill")
	}
}

// reports collects outcomes.
type reports struct {
	mu   sync.Mutex
	list []Outcome
}

func (r *reports) add(o Outcome) { r.mu.Lock(); r.list = append(r.list, o); r.mu.Unlock() }

func (r *reports) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s strings.Builder
	for _, o := range r.list {
		if o.Healthy {
			s.WriteByte('+')
		} else {
			s.WriteByte('-')
		}
	}
	return s.String()
}

func execProbe(period time.Duration) definition.Probe {
	return definition.Probe{
		Handler: definition.Handler{Exec: &definition.ExecAction{Command: []string{"check"}}},
		Period:  period, Timeout: time.Second, SuccessThreshold: 1, FailureThreshold: 3,
	}
}

// watch starts a worker over a script in virtual time.
func watch(t *testing.T, kind Kind, p definition.Probe, answer func(context.Context, int) error) (*Worker, *script, *reports) {
	t.Helper()
	s, r := &script{answer: answer}, &reports{}
	w := NewScheduler().Start(t.Context(), Config{Probe: p, Kind: kind, Generation: 7, Runner: s.run, Report: r.add})
	return w, s, r
}

func TestThresholds(t *testing.T) {
	tests := []struct {
		name             string
		kind             Kind
		success, failure int
		answers          string // the period is under a second, so there is no early probe
		want             string // reported outcomes
	}{
		{"liveness stays well", Liveness, 1, 3, "++++++++", ""},
		{"liveness fails at the third", Liveness, 1, 3, "++---", "-"},
		{"flapping below the threshold", Liveness, 1, 3, "--+--+--+--+", ""},
		{"flapping, then down", Liveness, 1, 3, "--+--+---", "-"},
		{"threshold of one", Liveness, 1, 1, "+-", "-"},
		{"a failed liveness rests", Liveness, 1, 1, "-+-+-", "-"},
		{"readiness begins as not ready and says nothing about it", Readiness, 1, 3, "----------", ""},
		{"readiness comes and goes", Readiness, 1, 3, "+---+", "+-+"},
		{"readiness wants three in a row", Readiness, 3, 1, "++-+++", "+"},
		{"readiness with two thresholds", Readiness, 2, 2, "+-++-+--++", "+-+"},
		{"startup succeeds once and rests", Startup, 1, 3, "--+---", "+"},
		{"startup fails", Startup, 1, 3, "---+", "-"},
		{"unknown counts for nothing", Liveness, 1, 3, "-?-??????+", ""},
		{"unknown interrupts no row", Liveness, 1, 3, "-?-?-", "-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := execProbe(500 * time.Millisecond)
				p.SuccessThreshold, p.FailureThreshold = test.success, test.failure
				w, s, r := watch(t, test.kind, p, pattern(test.answers))
				time.Sleep(time.Duration(len(test.answers)) * p.Period)
				synctest.Wait()
				w.Stop()
				if got := r.text(); got != test.want {
					t.Errorf("answers %s: reported %q, want %q", test.answers, got, test.want)
				}
				if test.want == "" && len(s.times()) != len(test.answers) {
					t.Errorf("asked %d times in %d periods", len(s.times()), len(test.answers))
				}
			})
		})
	}
}

func TestOutcomeSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, r := watch(t, Liveness, execProbe(10*time.Second), pattern("-"))
		time.Sleep(time.Minute)
		synctest.Wait()
		w.Stop()
		if len(r.list) != 1 {
			t.Fatalf("%d reports, want 1: a failed run is not asked again", len(r.list))
		}
		o := r.list[0]
		want := Outcome{Kind: Liveness, Generation: 7, ConsecutiveFailures: 3, At: o.At,
			Reason: `livenessProbe failed 3 times in a row: exec check: exit code 1: "ill"`, LastError: `exec check: exit code 1: "ill"`}
		if o != want || o.At.IsZero() {
			t.Errorf("got %+v\nwant %+v", o, want)
		}
		if l := w.Last(); l.Healthy || !l.Resting || l.Failures != 3 || l.Failed != 3 || l.Probes != 3 {
			t.Errorf("last: %+v", l)
		}
	})
}

func TestOverrunIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int32
		w, s, r := watch(t, Liveness, execProbe(10*time.Second), func(ctx context.Context, _ int) error {
			<-ctx.Done()
			ended.Add(1)
			return ctx.Err()
		})
		time.Sleep(50 * time.Second)
		synctest.Wait()
		w.Stop()
		if r.text() != "-" || r.list[0].LastError != "exec check: no answer within 1s" {
			t.Fatalf("reported %+v", r.list)
		}
		if d := w.Last().Result.Duration; d != time.Second {
			t.Errorf("it took %v, want its timeout", d)
		}
		if int(ended.Load()) != len(s.times()) {
			t.Errorf("%d of %d probes ended", ended.Load(), len(s.times()))
		}
	})
}

// A timeout longer than the period: never two probes at once, and the phase is kept.
func TestSlowerThanItsPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := execProbe(time.Second)
		p.Timeout = 10 * time.Second
		var running, most atomic.Int32
		w, s, _ := watch(t, Liveness, p, func(context.Context, int) error {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(2500 * time.Millisecond)
			running.Add(-1)
			return nil
		})
		time.Sleep(31 * time.Second)
		w.Stop()
		if most.Load() != 1 {
			t.Errorf("%d probes at once", most.Load())
		}
		times := s.times()
		for i := 1; i < len(times); i++ {
			if d := times[i].Sub(times[i-1]); d != 3*time.Second {
				t.Errorf("probe %d came %v after the one before, want the third due time", i, d)
			}
		}
	})
}

func TestFractionsOfSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := execProbe(250 * time.Millisecond)
		p.InitialDelay, p.Timeout = 1500*time.Millisecond, 30*time.Millisecond
		start := time.Now()
		w, s, _ := watch(t, Liveness, p, func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
		time.Sleep(3 * time.Second)
		w.Stop()
		times := s.times()
		if len(times) != 3 {
			t.Fatalf("asked %d times, want 3", len(times))
		}
		if d := times[0].Sub(start); d < p.InitialDelay || d > p.InitialDelay+p.Period {
			t.Errorf("first asked after %v", d)
		}
		if d := times[2].Sub(times[0]); d != 500*time.Millisecond {
			t.Errorf("three probes took %v", d)
		}
		if m := w.Last().Result.Message; m != "exec check: no answer within 30ms" {
			t.Error(m)
		}
	})
}

// The early probe of a fresh program: its success counts, its failure doesn't.
func TestNotifyProbelyLook(t *testing.T) {
	for _, kind := range []Kind{Readiness, Startup} {
		synctest.Test(t, func(t *testing.T) {
			p := execProbe(10 * time.Second)
			p.InitialDelay = 5 * time.Second
			start := time.Now()
			w, _, r := watch(t, kind, p, pattern("+"))
			time.Sleep(6 * time.Second)
			synctest.Wait()
			w.Stop()
			if r.text() != "+" {
				t.Fatalf("%s: a well program was not called so within a second: %q", kind, r.text())
			}
			if d := r.list[0].At.Sub(start); d < 5*time.Second || d > 6*time.Second {
				t.Errorf("%s after %v", kind, d)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := execProbe(10 * time.Second)
		start := time.Now()
		w, s, r := watch(t, Startup, p, pattern("-"))
		time.Sleep(time.Minute)
		synctest.Wait()
		w.Stop()
		if n := len(s.times()); r.text() != "-" || n != 4 {
			t.Fatalf("reported %q after %d probes, want a failure after the early probe and 3 more", r.text(), n)
		}
		if d := r.list[0].At.Sub(start); d < 20*time.Second {
			t.Errorf("a startup probe of 3 × 10 s gave up after %v: the kubelet gives 20 s at least", d)
		}
	})
}

func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r, ready := &script{answer: pattern("+")}, &reports{}, true
		p := execProbe(10 * time.Second)
		p.InitialDelay = 30 * time.Second
		start := time.Now()
		w := NewScheduler().Start(t.Context(), Config{Probe: p, Kind: Readiness, Initial: &ready, Running: 25 * time.Second, Runner: s.run, Report: r.add})
		if !w.Last().Healthy {
			t.Error("the outcome handed over was forgotten")
		}
		time.Sleep(time.Minute)
		w.Stop()
		if r.text() != "" {
			t.Errorf("reported %q: nothing changed", r.text())
		}
		if d := s.times()[0].Sub(start); d < 5*time.Second || d > 15*time.Second {
			t.Errorf("first asked after %v; 5 s of the delay were left", d)
		}
	})
}

func TestContextEndsWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, r := &script{answer: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}, &reports{}
		p := execProbe(time.Second)
		p.Timeout, p.FailureThreshold = time.Hour, 1
		w := NewScheduler().Start(ctx, Config{Probe: p, Kind: Liveness, Runner: s.run, Report: r.add})
		time.Sleep(2 * time.Second)
		cancel()
		time.Sleep(time.Minute)
		if n := len(s.times()); n != 1 || r.text() != "" {
			t.Errorf("asked %d times, reported %q", n, r.text())
		}
		w.Stop()
	})
}
