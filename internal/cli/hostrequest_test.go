package cli

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	native "github.com/daruma-sh/daruma/service"
)

// TestEventsReachTheKeeper: what the service manager says beyond start and stop, as messages for the supervisor. Wine delivers
// neither power nor session events, so the handlers are called as package service calls them.
func TestEventsReachTheKeeper(t *testing.T) {
	h := hosted{requests: make(chan keeper.Request)}
	var got []wire.Message
	over := make(chan struct{})
	go func() {
		defer close(over)
		for r := range h.requests {
			if r.Verb != keeper.Pass {
				t.Errorf("verb %d, want Pass", r.Verb)
			}
			got = append(got, r.Message)
			r.Done()
		}
	}()
	for _, e := range []native.PowerEvent{native.PowerSuspend, native.PowerStatusChanged, native.PowerResumedAutomatically, native.PowerResumed} {
		h.power(t.Context(), e)
	}
	h.session(t.Context(), native.SessionEvent{Change: native.SessionLogon, ID: 2})
	h.control(t.Context(), 255)
	close(h.requests)
	<-over
	want := []wire.Message{&wire.PowerEvent{}, &wire.PowerEvent{Resumed: true}, &wire.SessionEvent{Change: "session 2: logon"},
		&wire.ControlEvent{Code: 255}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("passed on: %+v, want %+v", got, want)
	}
}

// TestEventsDontHoldUpAStop: a keeper whose loop hangs keeps no handler from ending with the service.
func TestEventsDontHoldUpAStop(t *testing.T) {
	h := hosted{requests: make(chan keeper.Request)}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(native.StopRequested)
	h.power(ctx, native.PowerSuspend)
	if err := h.ask(keeper.Reload)(ctx); !errors.Is(err, native.StopRequested) {
		t.Errorf("the answer is %v", err)
	}
}

// deadlined is the context of a stop as package service makes it: it ends before its deadline proper.
func deadlined(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTheTimeToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosted{requests: make(chan keeper.Request, 1), margin: stopReserve(40 * time.Second)}
		callOff := h.endInTime(deadlined(t, 38*time.Second))
		defer callOff()
		begin := time.Now()
		r := <-h.requests
		if took := time.Since(begin); r.Verb != keeper.StopNow || took != 38*time.Second || r.Within != 2*time.Second {
			t.Errorf("after %v: %+v", took, r)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the stop is over before
		h := hosted{requests: make(chan keeper.Request, 1)}
		h.endInTime(deadlined(t, time.Second))()
		time.Sleep(time.Minute)
		if len(h.requests) != 0 {
			t.Error("a service that has ended is ended again")
		}
	})
}

func TestOutcomeOfAService(t *testing.T) {
	for _, c := range []struct {
		left []string
		code exitcode.Code
		want native.ExitCode
		text string
	}{
		{nil, 0, 0, ""},
		{nil, exitcode.Escalated, 91, exitcode.Escalated.String() + " (exit code 91); its log says why"},
		{[]string{"api", "db"}, 0, 82, "the time to stop was over; ended by force: api, db"},
		{[]string{}, 1, 82, "the time to stop was over; the supervisor hadn't ended"},
	} {
		var h hosted
		if c.left != nil {
			h.wasOverdue(c.left)
		}
		err := h.outcome(c.code)
		if native.CodeOf(err) != c.want || err != nil && err.Error() != c.text {
			t.Errorf("%v, %d: %v with code %d", c.left, c.code, err, native.CodeOf(err))
		}
	}
}
