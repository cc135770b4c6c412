package supervisor

import (
	"log/slog"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/probe"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
)

// sleeper is a probe's worker that counts what it is told of sleeps.
type sleeper struct{ woken int }

func (*sleeper) Pause()           {}
func (*sleeper) Resume()          {}
func (*sleeper) Cancel()          {}
func (s *sleeper) Woke()          { s.woken++ }
func (*sleeper) Last() probe.Last { return probe.Last{} }

// TestOneSleepIsToldOnce: the clocks and Windows both tell of a waking; programs hear of it once, probes are forgiven, and what was
// under way when the machine fell asleep is dropped too.
func TestOneSleepIsToldOnce(t *testing.T) {
	def, err := definition.Parse([]byte("name: a\nprograms:\n  it: {command: [x], lifecycle: {onResume: {exec: {command: [y]}}}}\n"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &sleeper{}
	hub := control.NewHub(0)
	s := &supervisor{def: def, engine: engine.New(def, 1), hub: hub, events: events.New(hub, nil), log: slog.New(slog.DiscardHandler), slept: monotonic.Slept(),
		runtimes: map[string]*programRuntime{"it": {probes: []*activeProbe{{worker: w}}}}}
	s.powerChanged(&wire.PowerEvent{})
	if w.woken != 1 {
		t.Errorf("at the suspend the probe was told %d times", w.woken)
	}
	s.checkForSleep()
	s.slept -= 2 * time.Hour // as the clocks show after two hours
	s.checkForSleep()
	s.checkForSleep()
	s.powerChanged(&wire.PowerEvent{Resumed: true})
	if w.woken != 2 {
		t.Errorf("after the waking the probe was told %d times, want 2", w.woken)
	}
	s.wokeAt -= 2 * sameWakeup
	s.powerChanged(&wire.PowerEvent{Resumed: true}) // a sleep that the clocks don't show
	list, err := s.hub.Since(t.Context(), 0, make([]control.Event, 0, 16))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, string(e.Kind)+": "+e.Reason)
	}
	want := []string{"suspended: Windows suspends it", "wokeUp: after 2h0m0s asleep", "wokeUp: Windows says so"}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("events %q, want %q", got, want)
	}
}
