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
		OnPower:    func(ctx context.Context, e PowerEvent) { _ = wait(ctx, "power", e) },
		OnSession:  func(ctx context.Context, e SessionEvent) { _ = wait(ctx, "session", e.ID) },
		OnControl:  func(ctx context.Context, code uint8) { _ = wait(ctx, "custom", code) },
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
	s.post(controlMessage{control: c, power: PowerSuspend, session: SessionEvent{ID: 3}, code: 200})
}

// bring brings a new stage into a state.
func (s *stage) bring(to state) {
	if to == starting {
		return
	}
	s.post(readyMessage{})
	switch to {
	case pausing:
		s.send(pauseControl)
	case paused, continuing:
		s.send(pauseControl)
		s.pass(nil)
		if to == continuing {
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
		at    state    // right after the control
		later state    // when all handlers have returned
		calls []string // of handlers, in all
	}
	to := func(at, later state, calls ...string) cell { return cell{at, later, calls} }
	table := map[state]map[control]cell{
		starting: {
			pauseControl:    to(starting, starting),
			continueControl: to(starting, starting),
			reloadControl:   to(starting, starting),
			powerControl:    to(starting, starting),
			sessionControl:  to(starting, starting),
			customControl:   to(starting, starting),
		},
		running: {
			pauseControl:    to(pausing, paused, "pause"),
			continueControl: to(running, running),
			reloadControl:   to(running, running, "reload"),
			powerControl:    to(running, running, "power suspend"),
			sessionControl:  to(running, running, "session 3"),
			customControl:   to(running, running, "custom 200"),
		},
		pausing: {
			pauseControl:    to(pausing, paused),
			continueControl: to(pausing, running, "continue"),
			reloadControl:   to(pausing, paused, "reload"),
			powerControl:    to(pausing, paused, "power suspend"),
			sessionControl:  to(pausing, paused, "session 3"),
			customControl:   to(pausing, paused, "custom 200"),
		},
		paused: {
			pauseControl:    to(paused, paused),
			continueControl: to(continuing, running, "continue"),
			reloadControl:   to(paused, paused, "reload"),
			powerControl:    to(paused, paused, "power suspend"),
			sessionControl:  to(paused, paused, "session 3"),
			customControl:   to(paused, paused, "custom 200"),
		},
		continuing: {
			pauseControl:    to(continuing, paused, "pause"),
			continueControl: to(continuing, running),
			reloadControl:   to(continuing, running, "reload"),
			powerControl:    to(continuing, running, "power suspend"),
			sessionControl:  to(continuing, running, "session 3"),
			customControl:   to(continuing, running, "custom 200"),
		},
	}
	for from := starting; from < stopping; from++ {
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
					s.post(stopMessage(StopRequested))
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
	for from := starting; from <= continuing; from++ {
		t.Run(from.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.bring(from)
				s.send(reloadControl) // one that waits, too
				began := time.Now()
				s.post(stopMessage(StopRequested))
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
			OnControl: func(context.Context, uint8) { t.Error("OnControl was called") },
		})
		h.post(stopMessage(StopRequested))
		for c := pauseControl; c <= customControl; c++ {
			h.post(controlMessage{control: c})
		}
		h.post(readyMessage{})
		h.post(stopMessage(StopRequested))
		if h.state() != stopping {
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
		from    state
		control control
		want    state
	}{
		{"pause", running, pauseControl, running},
		{"continue", paused, continueControl, paused},
		{"reload", running, reloadControl, running},
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
				s.post(stopMessage(StopRequested))
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
		if CodeOf(err) != ExitPanicked || !errors.Is(cause, HandlerPanicked) {
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
		s.post(stopMessage(Terminate))
		_ = s.finish()
	})
}

// TestHandlerHangs: the system sees no progress after a while, controls are bounded, and the stop ends at its deadline.
func TestHandlerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := rehearse(t, Service{Run: obedient, StopTimeout: 10 * time.Second,
			OnPause: func(context.Context) error { <-release; return nil }, OnContinue: func(context.Context) error { return nil },
			OnControl: func(context.Context, uint8) {}})
		h.post(controlMessage{control: pauseControl})
		for range maxControls + 5 {
			h.runner.mail.post(controlMessage{control: customControl})
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		before := len(h.platform.times)
		time.Sleep(time.Minute)
		if h.state() != pausing || len(h.platform.times) != before {
			t.Errorf("state %v, %d checkpoints after the limit", h.runner.state, len(h.platform.times)-before)
		}
		if !strings.Contains(h.log.String(), "OnPause is still at work") || h.runner.dropped != 5 {
			t.Errorf("dropped %d, log %q", h.runner.dropped, h.log.String())
		}
		h.post(stopMessage(StopRequested))
		if err := h.finish(); CodeOf(err) != ExitStopTimeout || !strings.Contains(err.Error(), "OnPause") {
			t.Errorf("error %v, want one that names OnPause", err)
		}
		close(release)
	})
}
