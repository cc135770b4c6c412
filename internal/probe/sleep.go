package probe

import (
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// After the machine has slept, a failure says nothing about the program: connections broke, the network isn't back, memory is
// being paged in again. So the probe under way is dropped, the counters are reset, and for wakeGrace failures don't count. A success does.
//
// Workers check for a sleep whenever a result comes in, because the first result may come before the system reports the sleep.
// Linux' timers stand still in a sleep, Windows' go on; the rule holds for both.
const (
	wakeGrace = 10 * time.Second
	// leastSleep is the shortest sleep that counts: the two clocks that are compared aren't read at the same instant.
	leastSleep = time.Second
)

// sleepDetector finds out whether the machine has slept.
type sleepDetector struct {
	clock    func() time.Duration // how long it has slept since boot
	seen     time.Duration
	graceEnd time.Time // failures before then don't count
}

func newSleepDetector(clock func() time.Duration) sleepDetector {
	if clock == nil {
		clock = monotonic.Slept
	}
	return sleepDetector{clock: clock, seen: clock()}
}

// slept reports whether the machine has slept since the last call that reported true.
func (s *sleepDetector) slept() bool {
	now := s.clock()
	if now-s.seen < leastSleep {
		return false
	}
	s.woke()
	return true
}

// woke begins the grace period.
func (s *sleepDetector) woke() { s.seen, s.graceEnd = s.clock(), time.Now().Add(wakeGrace) }

// inGrace reports whether failures don't count at the moment.
func (s *sleepDetector) inGrace() bool { return time.Now().Before(s.graceEnd) }
