package hosting

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
	"github.com/daruma-sh/daruma/service"
	"github.com/daruma-sh/daruma/service/winevent"
)

// TestEventsReachTheKeeper: what the service manager says beyond start and stop, as messages for the supervisor. Wine delivers
// neither power nor session events, so the handlers are called as package service calls them.
func TestEventsReachTheKeeper(t *testing.T) {
	k := &fakeKeeper{}
	h := host{keeper: k}
	for _, e := range []winevent.Power{winevent.PowerSuspend, winevent.PowerStatusChanged, winevent.PowerResumedAutomatically, winevent.PowerResumed} {
		if err := h.power(t.Context(), e); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(h.session(t.Context(), winevent.Session{Change: winevent.SessionLogon, ID: 2}), h.control(t.Context(), 255)); err != nil {
		t.Error(err)
	}
	want := []wire.Message{&wire.PowerEvent{}, &wire.PowerEvent{Resumed: true}, &wire.SessionEvent{Change: "session 2: logon"},
		&wire.ControlEvent{Code: 255}}
	if !reflect.DeepEqual(k.forwarded, want) {
		t.Errorf("forwarded: %+v, want %+v", k.forwarded, want)
	}
}

// fakeKeeper notes what it is asked.
type fakeKeeper struct {
	*keeper.Handle
	forwarded []wire.Message
	stopped   chan time.Duration // the time that each StopNow left
	left      []string
	overdue   bool
}

func (k *fakeKeeper) Forward(_ context.Context, m wire.Message) error {
	k.forwarded = append(k.forwarded, m)
	return nil
}

func (k *fakeKeeper) StopNow(_ string, within time.Duration) { k.stopped <- within }

func (k *fakeKeeper) Overdue() ([]string, bool) { return k.left, k.overdue }

// deadlined is the context of a stop as package service makes it: it ends before its deadline proper.
func deadlined(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTheTimeToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &fakeKeeper{stopped: make(chan time.Duration, 1)}
		h := host{keeper: k, reserve: stopReserve(40 * time.Second)}
		callOff := h.endInTime(deadlined(t, 38*time.Second))
		defer callOff()
		begin := time.Now()
		within := <-k.stopped
		if took := time.Since(begin); took != 38*time.Second || within != 2*time.Second {
			t.Errorf("ended after %v with %v left, want 38s and 2s", took, within)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the stop is over before
		k := &fakeKeeper{stopped: make(chan time.Duration, 1)}
		h := host{keeper: k}
		h.endInTime(deadlined(t, time.Second))()
		time.Sleep(time.Minute)
		if len(k.stopped) != 0 {
			t.Error("a service that has ended is ended again")
		}
	})
}

func TestOutcomeOfAService(t *testing.T) {
	for _, c := range []struct {
		left []string
		code exitcode.Code
		want int
		text string
	}{
		{nil, 0, 0, ""},
		{nil, exitcode.Escalated, 91, exitcode.Escalated.String() + " (exit code 91); " + whyIn("shop") + " says why"},
		{[]string{"api", "db"}, 0, 82, "the time to stop was over; ended by force: api, db"},
		{[]string{}, 1, 82, "the time to stop was over; the supervisor hadn't ended"},
	} {
		h := host{cfg: keeper.Config{Service: "shop"}, keeper: &fakeKeeper{left: c.left, overdue: c.left != nil}}
		err := h.outcome(c.code)
		if service.ExitCode(err) != c.want || err != nil && err.Error() != c.text {
			t.Errorf("%v, %d: %v with code %d", c.left, c.code, err, service.ExitCode(err))
		}
	}
}
