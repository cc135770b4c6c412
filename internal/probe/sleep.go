package probe

import "time"

// After the machine has slept, nothing that was measured says anything about the program: connections broke, the network
// isn't back, everything is being read in again. So what was under way is dropped, what was counted is forgotten, and for
// wakeGrace failures don't count. A success does.
//
// It needs nobody who tells of the sleep: whether the machine slept is asked whenever a result is judged, because the first result
// may come before any news. Linux' timers stand still in a sleep, Windows' go on; the rule holds for both.
const (
	wakeGrace = 10 * time.Second
	// leastSleep is what counts as one. The two clocks that are compared aren't read in the same moment.
	leastSleep = time.Second
)

// sleeper notices that the machine has slept.
type sleeper struct {
	clock func() time.Duration // how long it has slept since boot
	seen  time.Duration
	mercy time.Time // failures before then don't count
}

func newSleeper(clock func() time.Duration) sleeper {
	if clock == nil {
		clock = Slept
	}
	return sleeper{clock: clock, seen: clock()}
}

// slept says whether it has slept since the last time that this was true.
func (s *sleeper) slept() bool {
	now := s.clock()
	if now-s.seen < leastSleep {
		return false
	}
	s.woke()
	return true
}

// woke begins the grace.
func (s *sleeper) woke() { s.seen, s.mercy = s.clock(), time.Now().Add(wakeGrace) }

// merciful says that a failure doesn't count at the moment.
func (s *sleeper) merciful() bool { return time.Now().Before(s.mercy) }
