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
	// leastSleep is what counts as one: the clocks that are compared aren't read in the same moment.
	leastSleep = time.Second
	// oneWaking is how long after a sleep was noticed Windows' word of the same one may come.
	oneWaking = time.Minute
)

// lookForSleep notices by the clocks that the machine has slept. It is how Linux tells, and Windows where no service manager
// hosts us.
func (s *supervisor) lookForSleep() {
	slept := monotonic.Slept()
	if gone := slept - s.slept; gone >= leastSleep {
		s.slept = slept
		s.wokeUp("after " + words(gone))
	}
}

// powerChanged: Windows says that the machine is about to sleep, or woke up.
func (s *supervisor) powerChanged(m *wire.PowerEvent) {
	if !m.Resumed {
		s.publish(control.Event{Kind: control.EventSuspended, Reason: "Windows suspends it"})
		s.forgiveProbes() // what is under way would come back in another time
		return
	}
	s.lookForSleep()
	if s.awake == 0 || monotonic.Now()-s.awake > oneWaking {
		s.wokeUp("Windows says so")
	}
}

// wokeUp: probes begin anew, and programs that want to know are told. It is no incident: nothing fell.
func (s *supervisor) wokeUp(how string) {
	s.awake = monotonic.Now()
	s.publish(control.Event{Kind: control.EventWokeUp, Reason: how})
	s.forgiveProbes()
	for _, p := range s.engine.Programs() {
		if p.Def.OnResume != nil {
			s.runOccasion(p, occasion{name: tasks.OnResume, task: tasks.OnResume, handler: p.Def.OnResume, done: func(string) {}})
		}
	}
}

func (s *supervisor) forgiveProbes() {
	for _, rt := range s.runtimes {
		for _, w := range rt.probes {
			w.worker.Woke()
		}
	}
}

// words rounds a sleep to what people want to know.
func words(d time.Duration) string {
	unit := time.Second
	if d > time.Hour {
		unit = time.Minute
	}
	return fmt.Sprintf("%v asleep", d.Round(unit))
}
