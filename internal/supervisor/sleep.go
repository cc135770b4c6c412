package supervisor

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
)

const (
	// leastSleep is the shortest sleep that counts: the clocks that are compared aren't read at the same instant.
	leastSleep = time.Second
	// sameWakeup is how long after a sleep was noticed Windows may still report the same one.
	sameWakeup = time.Minute
)

// checkForSleep finds out by the clocks whether the machine has slept. Linux reports a sleep in no other way, nor does Windows where
// no service manager hosts us.
func (s *supervisor) checkForSleep() {
	slept := monotonic.Slept()
	if gone := slept - s.slept; gone >= leastSleep {
		s.slept = slept
		s.wokeUp("after " + sleepText(gone))
	}
}

// powerChanged handles Windows' report that the machine is about to sleep, or woke up.
func (s *supervisor) powerChanged(m *wire.PowerEvent) {
	if !m.Resumed {
		s.publish(control.Event{Kind: control.EventSuspended, Reason: "Windows suspends it"})
		s.resetProbes() // the result of a probe under way would come after the sleep
		return
	}
	s.checkForSleep()
	if s.wokeAt == 0 || monotonic.Now()-s.wokeAt > sameWakeup {
		s.wokeUp("Windows says so")
	}
}

// wokeUp resets the probes and runs the onResume hooks. It is no incident: nothing failed.
func (s *supervisor) wokeUp(how string) {
	s.wokeAt = monotonic.Now()
	s.publish(control.Event{Kind: control.EventWokeUp, Reason: how})
	s.resetProbes()
	for _, p := range s.engine.Programs() {
		if p.Def.OnResume != nil {
			s.runEventHook(p, eventHook{name: tasks.OnResume, task: tasks.OnResume, handler: p.Def.OnResume, done: func(string) {}})
		}
	}
}

func (s *supervisor) resetProbes() {
	for _, rt := range s.runtimes {
		for _, w := range rt.probes {
			w.worker.Woke()
		}
	}
}

// sleepText rounds a sleep to what people want to read.
func sleepText(d time.Duration) string {
	unit := time.Second
	if d > time.Hour {
		unit = time.Minute
	}
	return fmt.Sprintf("%v asleep", d.Round(unit))
}
