package keeper

import (
	"context"
	"errors"
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// hostedKeeper is a keeper whose loop is turned by the test.
func hostedKeeper(t *testing.T, h *Handle) *keeper {
	t.Helper()
	k := newKeeper(Config{Service: "test", Handle: h})
	var err error
	if k.poll, err = poll.New(); err != nil {
		t.Fatal(err)
	}
	return k
}

// TestHandleBeforeTheLoop: what the service manager asks during the keeper's start isn't lost, and keeps its order.
func TestHandleBeforeTheLoop(t *testing.T) {
	h := &Handle{}
	h.Stop("the service manager")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the service ends")
	cancel(gone)
	if err := h.Forward(ctx, &wire.ControlEvent{Code: 128}); !errors.Is(err, gone) {
		t.Errorf("a handler whose service ends waits on, or hears %v", err)
	}
	k := hostedKeeper(t, h)
	h.attach(k)
	k.poll.Wait(0)
	if k.stops != 1 || len(k.waiting) != 1 {
		t.Errorf("%d stops, %d messages for the supervisor: want one each", k.stops, len(k.waiting))
	}
}

func TestHandleWaitsForTheLoop(t *testing.T) {
	h := &Handle{}
	k := hostedKeeper(t, h)
	h.attach(k)
	for name, call := range map[string]func(context.Context) error{"Ping": h.Ping, "Pause": h.Pause, "Reload": h.Reload} {
		done := make(chan error)
		go func() { done <- call(t.Context()) }()
		k.poll.Wait(-1)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !k.paused || !k.reload {
		t.Errorf("paused %v, reload %v", k.paused, k.reload)
	}
}

func TestHandleKnowsWhatWasOverdue(t *testing.T) {
	h := &Handle{}
	if _, overdue := h.Overdue(); overdue {
		t.Error("overdue before anything was stopped")
	}
	k := hostedKeeper(t, h)
	h.attach(k)
	h.StopNow("the time to stop is over", 0)
	k.poll.Wait(0)
	if left, overdue := h.Overdue(); !overdue || len(left) != 0 || !k.hurry {
		t.Errorf("left %v, overdue %v, in a hurry %v", left, overdue, k.hurry)
	}
}
