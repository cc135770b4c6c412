package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/winevent"
)

// stage is a service all of whose handlers write down that they were called, and wait at the gate.
type stage struct {
	*rehearsal
	mu     sync.Mutex
	called []string
	gate   chan error // a value lets one handler return
}

func newStage(t *testing.T) *stage {
	s := &stage{gate: make(chan error)}
	wait := func(ctx context.Context, name string, args ...any) error {
		s.mu.Lock()
		s.called = append(s.called, strings.TrimSpace(name+" "+fmt.Sprint(args...)))
		s.mu.Unlock()
		select {
		case err := <-s.gate:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.rehearsal = rehearse(t, Service{
		Run:        func(ctx context.Context, _ *Host) error { <-ctx.Done(); return nil },
		OnPause:    func(ctx context.Context) error { return wait(ctx, "pause") },
		OnContinue: func(ctx context.Context) error { return wait(ctx, "continue") },
		OnReload:   func(ctx context.Context) error { return wait(ctx, "reload") },
		OnPower:    func(ctx context.Context, e winevent.Power) error { return wait(ctx, "power", e) },
		OnSession:  func(ctx context.Context, e winevent.Session) error { return wait(ctx, "session", e.ID) },
		OnControl:  func(ctx context.Context, code uint8) error { return wait(ctx, "custom", code) },
	})
	return s
}

func (s *stage) calls() []string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.called)
}

// pass lets the handler at work return err.
func (s *stage) pass(err error) {
	s.gate <- err
	synctest.Wait()
}

func (s *stage) send(c control) {
	s.post(controlMessage{control: c, power: winevent.PowerSuspend, session: winevent.Session{ID: 3}, code: 200})
}

// bring brings a new stage into a state.
func (s *stage) bring(to platform.State) {
	if to == platform.Starting {
		return
	}
	s.post(readyMessage{})
	switch to {
	case platform.Pausing:
		s.send(pauseControl)
	case platform.Paused, platform.Continuing:
		s.send(pauseControl)
		s.pass(nil)
		if to == platform.Continuing {
			s.send(continueControl)
		}
	}
	s.mu.Lock()
	s.called = nil
	s.mu.Unlock()
}

// TestEveryControlInEveryState: what a control leads to at once, and once the handler at work has returned.
func TestEveryControlInEveryState(t *testing.T) {
	type cell struct {
		at    platform.State // right after the control
		later platform.State // when all handlers have returned
		calls []string       // of handlers, in all
	}
	to := func(at, later platform.State, calls ...string) cell { return cell{at, later, calls} }
	table := map[platform.State]map[control]cell{
		platform.Starting: {
			pauseControl:    to(platform.Starting, platform.Starting),
			continueControl: to(platform.Starting, platform.Starting),
			reloadControl:   to(platform.Starting, platform.Starting),
			powerControl:    to(platform.Starting, platform.Starting),
			sessionControl:  to(platform.Starting, platform.Starting),
			customControl:   to(platform.Starting, platform.Starting),
		},
		platform.Running: {
			pauseControl:    to(platform.Pausing, platform.Paused, "pause"),
			continueControl: to(platform.Running, platform.Running),
			reloadControl:   to(platform.Running, platform.Running, "reload"),
			powerControl:    to(platform.Running, platform.Running, "power suspend"),
			sessionControl:  to(platform.Running, platform.Running, "session 3"),
			customControl:   to(platform.Running, platform.Running, "custom 200"),
		},
		platform.Pausing: {
			pauseControl:    to(platform.Pausing, platform.Paused),
			continueControl: to(platform.Pausing, platform.Running, "continue"),
			reloadControl:   to(platform.Pausing, platform.Paused, "reload"),
			powerControl:    to(platform.Pausing, platform.Paused, "power suspend"),
			sessionControl:  to(platform.Pausing, platform.Paused, "session 3"),
			customControl:   to(platform.Pausing, platform.Paused, "custom 200"),
		},
		platform.Paused: {
			pauseControl:    to(platform.Paused, platform.Paused),
			continueControl: to(platform.Continuing, platform.Running, "continue"),
			reloadControl:   to(platform.Paused, platform.Paused, "reload"),
			powerControl:    to(platform.Paused, platform.Paused, "power suspend"),
			sessionControl:  to(platform.Paused, platform.Paused, "session 3"),
			customControl:   to(platform.Paused, platform.Paused, "custom 200"),
		},
		platform.Continuing: {
			pauseControl:    to(platform.Continuing, platform.Paused, "pause"),
			continueControl: to(platform.Continuing, platform.Running),
			reloadControl:   to(platform.Continuing, platform.Running, "reload"),
			powerControl:    to(platform.Continuing, platform.Running, "power suspend"),
			sessionControl:  to(platform.Continuing, platform.Running, "session 3"),
			customControl:   to(platform.Continuing, platform.Running, "custom 200"),
		},
	}
	for from := platform.Starting; from < platform.Stopping; from++ {
		for c := pauseControl; c <= customControl; c++ {
			want, ok := table[from][c]
			if !ok {
				t.Fatalf("no cell for %v × %d", from, c)
			}
			t.Run(fmt.Sprintf("%v/%d", from, c), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t)
					s.bring(from)
					s.send(c)
					if got := s.state(); got != want.at {
						t.Errorf("at once: %v, want %v", got, want.at)
					}
					for synctest.Wait(); s.runner.handling != ""; synctest.Wait() {
						s.pass(nil)
					}
					if got := s.state(); got != want.later {
						t.Errorf("later: %v, want %v", got, want.later)
					}
					if got := s.calls(); !slices.Equal(got, want.calls) {
						t.Errorf("handlers %q, want %q", got, want.calls)
					}
					s.post(stopMessage(ReasonStop))
					if err := s.finish(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// TestStopInEveryState: nothing keeps a service from stopping, not even a handler at work.
func TestStopInEveryState(t *testing.T) {
	for from := platform.Starting; from <= platform.Continuing; from++ {
		t.Run(from.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.bring(from)
				s.send(reloadControl) // one that waits, too
				began := time.Now()
				s.post(stopMessage(ReasonStop))
				if err := s.finish(); err != nil || time.Since(began) != 0 {
					t.Errorf("error %v after %v, want a clean stop at once", err, time.Since(began))
				}
			})
		})
	}
}

// TestControlsWhileStopping: they are heard, and do nothing; the stop's own deadline stays.
func TestControlsWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := rehearse(t, Service{
			Run:      func(_ context.Context, host *Host) error { host.Ready(); <-release; return nil },
			OnReload: func(context.Context) error { t.Error("OnReload was called"); return nil },
			OnPause:  func(context.Context) error { t.Error("OnPause was called"); return nil }, OnContinue: func(context.Context) error { return nil },
			OnControl: func(context.Context, uint8) error { t.Error("OnControl was called"); return nil },
		})
		h.post(stopMessage(ReasonStop))
		for c := pauseControl; c <= customControl; c++ {
			h.post(controlMessage{control: c})
		}
		h.post(readyMessage{})
		h.post(stopMessage(ReasonStop))
		if h.state() != platform.Stopping {
			t.Errorf("state %v", h.runner.state)
		}
		close(release)
		if err := h.finish(); err != nil {
			t.Error(err)
		}
		h.wantSaid("starting", "running", "stopping", "ended 0")
	})
}

func TestHandlersFail(t *testing.T) {
	broken := errors.New("bad configuration")
	tests := []struct {
		name    string
		from    platform.State
		control control
		want    platform.State
	}{
		{"pause", platform.Running, pauseControl, platform.Running},
		{"continue", platform.Paused, continueControl, platform.Paused},
		{"reload", platform.Running, reloadControl, platform.Running},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.bring(c.from)
				s.send(c.control)
				s.pass(broken)
				if s.state() != c.want || !strings.Contains(s.log.String(), broken.Error()) {
					t.Errorf("state %v, log %q, want %v and the error", s.runner.state, s.log.String(), c.want)
				}
				s.post(stopMessage(ReasonStop))
				if err := s.finish(); err != nil {
					t.Errorf("an error of a handler is no failure of the service: %v", err)
				}
			})
		})
	}
}

func TestHandlerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		h := rehearse(t, Service{
			Run: func(ctx context.Context, host *Host) error {
				host.Ready()
				<-ctx.Done()
				cause = context.Cause(ctx)
				return nil
			},
			OnReload: func(context.Context) error { panic("half loaded") },
		})
		h.post(controlMessage{control: reloadControl})
		err := h.finish()
		if ExitCode(err) != ExitPanicked || !errors.Is(cause, ReasonPanic) {
			t.Errorf("error %v, cause %v", err, cause)
		}
		if !strings.Contains(h.log.String(), "half loaded") || !strings.Contains(h.log.String(), "controls_test.go") {
			t.Errorf("no stack in the log: %q", h.log.String())
		}
	})
}

// TestOneAtATime: in the order of arrival, though the first one takes long.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.send(reloadControl) // before Ready: it waits
		s.post(readyMessage{})
		s.send(powerControl)
		s.send(customControl)
		if got := s.calls(); !slices.Equal(got, []string{"reload"}) {
			t.Errorf("called %q while the first is at work", got)
		}
		s.pass(nil)
		s.pass(nil)
		s.pass(nil)
		if got := s.calls(); !slices.Equal(got, []string{"reload", "power suspend", "custom 200"}) {
			t.Errorf("called %q", got)
		}
		s.wantSaid("starting", "running", "reloading", "reloaded")
		s.post(stopMessage(ReasonTerminate))
		_ = s.finish()
	})
}

// TestHandlerHangs: the system sees no progress after a while, controls are bounded, and the stop ends at its deadline.
func TestHandlerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := rehearse(t, Service{Run: obedient, StopTimeout: 10 * time.Second,
			OnPause: func(context.Context) error { <-release; return nil }, OnContinue: func(context.Context) error { return nil },
			OnControl: func(context.Context, uint8) error { return nil }})
		h.post(controlMessage{control: pauseControl})
		for range maxControls + 5 {
			h.runner.mail.post(controlMessage{control: customControl})
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		before := len(h.platform.times)
		time.Sleep(time.Minute)
		if h.state() != platform.Pausing || len(h.platform.times) != before {
			t.Errorf("state %v, %d checkpoints after the limit", h.runner.state, len(h.platform.times)-before)
		}
		if !strings.Contains(h.log.String(), "OnPause is still at work") || h.runner.dropped != 5 {
			t.Errorf("dropped %d, log %q", h.runner.dropped, h.log.String())
		}
		h.post(stopMessage(ReasonStop))
		if err := h.finish(); ExitCode(err) != ExitStopTimeout || !strings.Contains(err.Error(), "OnPause") {
			t.Errorf("error %v, want one that names OnPause", err)
		}
		close(release)
	})
}
