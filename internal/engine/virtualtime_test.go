package engine

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// virtualRun plays an engine in virtual time: SetTimer becomes time.AfterFunc, and programs live as long as they are told to.
// One goroutine owns the engine, as in the supervisor; everything else comes through its mailbox.
type virtualRun struct {
	s     *Service
	begin time.Time
	mail  chan func()
	lives func(gen uint64) time.Duration // how long a run lasts by itself; negative: for ever
	ends  func(e Effect) time.Duration   // how long after Signal or Kill it ends; negative: not by that
	hook  time.Duration

	spawns []time.Duration
	log    []string
}

func newVirtualRun(def definition.Program) *virtualRun {
	return &virtualRun{
		s: New(service(def), 1), begin: time.Now(), mail: make(chan func(), 64),
		lives: func(uint64) time.Duration { return -1 }, ends: func(Effect) time.Duration { return 0 },
	}
}

func (h *virtualRun) now() time.Duration { return time.Since(h.begin) }

func (h *virtualRun) step(ev Event) {
	for _, e := range slices.Clone(h.s.Step(h.now(), ev)) {
		h.do(e)
	}
}

func (h *virtualRun) later(after time.Duration, ev Event) {
	if after >= 0 {
		time.AfterFunc(after, func() { h.mail <- func() { h.step(ev) } })
	}
}

func (h *virtualRun) do(e Effect) {
	switch e := e.(type) {
	case Spawn:
		h.spawns = append(h.spawns, h.now())
		h.later(0, Spawned{Program: e.Program, Generation: e.Generation, PID: 1, At: h.now()})
		h.later(h.lives(e.Generation), Exited{Program: e.Program, Generation: e.Generation, Exit: Exit{Code: 1}})
	case SetTimer:
		h.later(e.After, TimerFired{Program: e.Program, Serial: e.Serial, Reset: e.Reset})
	case Signal:
		h.say("signal")
		h.later(h.ends(e), Exited{Program: e.Program, Generation: e.Generation})
	case Kill:
		h.say("kill")
		h.later(h.ends(e), Exited{Program: e.Program, Generation: e.Generation, Exit: Exit{Code: -1, Signal: 9}})
	case RunHook:
		h.say("hook")
		h.later(h.hook, HookDone{Program: e.Program, Generation: e.Generation, PreStop: e.PreStop})
	case PublishEvent:
		if e.Kind == "stopped" || e.Kind == "failed" {
			h.say(e.Kind)
		}
	}
}

func (h *virtualRun) say(what string) { h.log = append(h.log, fmt.Sprintf("%s %s", h.now(), what)) }

// play runs the loop for so long.
func (h *virtualRun) play(d time.Duration) {
	end := time.After(d)
	for {
		select {
		case f := <-h.mail:
			f()
		case <-end:
			return
		}
	}
}

func (h *virtualRun) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(h.log, want) {
		t.Errorf("what happened: %q\n         want: %q", h.log, want)
	}
}

// TestCrashLoopForAnHour: a program that dies a second after each start is started at exactly these times.
func TestCrashLoopForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newVirtualRun(prog("p"))
		h.lives = func(uint64) time.Duration { return time.Second }
		h.step(Request{Verb: Start})
		h.play(time.Hour)
		var want []time.Duration
		at, wait := time.Duration(0), time.Duration(0)
		for at < time.Hour {
			want = append(want, at)
			at += time.Second + wait
			wait = min(max(2*wait, 500*time.Millisecond), time.Minute)
		}
		if !slices.Equal(h.spawns, want) {
			t.Errorf("started at %s\n  want %s", h.spawns, want)
		}
		if n := len(want); n != 66 {
			t.Errorf("%d starts in an hour", n)
		}
		h.step(Shutdown{Reason: "test"})
		h.play(2 * time.Minute) // whatever is still set fires into a service that has ended
		if h.s.Phase() != Ended || len(h.spawns) != len(want) {
			t.Errorf("phase %d, %d starts", h.s.Phase(), len(h.spawns))
		}
	})
}

// TestHealthyPeriodInVirtualTime: a minute of standing forgives, a nanosecond less doesn't.
func TestHealthyPeriodInVirtualTime(t *testing.T) {
	for _, c := range []struct{ life, third time.Duration }{
		{time.Minute + time.Nanosecond, 0}, {time.Minute - time.Nanosecond, 500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newVirtualRun(prog("p"))
			h.lives = func(gen uint64) time.Duration {
				return []time.Duration{time.Second, c.life, -1}[gen-1]
			}
			h.step(Request{Verb: Start})
			h.play(5 * time.Minute)
			want := []time.Duration{0, time.Second, time.Second + c.life + c.third}
			if !slices.Equal(h.spawns, want) {
				t.Errorf("started at %s, want %s", h.spawns, want)
			}
		})
	}
}

func TestStopInVirtualTime(t *testing.T) {
	onKill := func(e Effect) time.Duration {
		if _, ok := e.(Kill); ok {
			return 0
		}
		return -1
	}
	for _, c := range []struct {
		name    string
		preStop bool
		hook    time.Duration
		ends    func(Effect) time.Duration
		want    []string
	}{
		{"at the signal", false, 0, func(Effect) time.Duration { return 3 * time.Second }, []string{"1m0s signal", "1m3s stopped"}},
		{"ignores the signal", false, 0, onKill, []string{"1m0s signal", "1m30s kill", "1m30s stopped"}},
		{"preStop, then the signal", true, 5 * time.Second, func(Effect) time.Duration { return 3 * time.Second },
			[]string{"1m0s hook", "1m5s signal", "1m8s stopped"}},
		{"preStop is part of the grace period", true, 5 * time.Second, onKill, []string{"1m0s hook", "1m5s signal", "1m30s kill", "1m30s stopped"}},
		{"preStop leaves two seconds", true, 29 * time.Second, onKill, []string{"1m0s hook", "1m29s signal", "1m31s kill", "1m31s stopped"}},
		{"preStop hangs", true, time.Hour, onKill, []string{"1m0s hook", "1m30s signal", "1m32s kill", "1m32s stopped"}},
		{"stuck in the kernel", false, 0, func() func(Effect) time.Duration {
			kills := 0
			return func(e Effect) time.Duration {
				if _, ok := e.(Kill); ok {
					kills++
				}
				if kills == 3 {
					return time.Second
				}
				return -1
			}
		}(), []string{"1m0s signal", "1m30s kill", "1m35s kill", "1m40s kill", "1m41s stopped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newVirtualRun(prog("p", func(p *definition.Program) {
					if c.preStop {
						p.PreStop = &definition.Handler{}
					}
				}))
				h.hook, h.ends = c.hook, c.ends
				h.step(Request{Verb: Start})
				h.play(time.Minute)
				h.step(Request{Verb: Stop, Program: "p"})
				h.play(2 * time.Hour)
				h.expect(t, c.want...)
			})
		})
	}
}

// TestMaxRestartsInVirtualTime: five restarts in ten minutes, and not one more.
func TestMaxRestartsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newVirtualRun(prog("p", func(p *definition.Program) {
			p.MaxRestarts = &definition.MaxRestarts{Count: 5, Within: 10 * time.Minute, Then: definition.GiveUp}
		}))
		h.lives = func(uint64) time.Duration { return time.Second }
		h.step(Request{Verb: Start})
		h.play(time.Hour)
		// restarted at 1, 2.5+…: 0, 0.5, 1, 2 and 4 s after the ends of five runs of one second
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		want := []time.Duration{0, ms(1000), ms(2500), ms(4500), ms(7500), ms(12500)}
		if !slices.Equal(h.spawns, want) {
			t.Errorf("started at %s, want %s", h.spawns, want)
		}
		h.expect(t, "13.5s failed")
	})
}
