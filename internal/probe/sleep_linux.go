package probe

import (
	"time"

	"golang.org/x/sys/unix"
)

// Slept is how long the machine has slept since it was started: CLOCK_BOOTTIME goes on in a sleep, CLOCK_MONOTONIC doesn't.
// Source: clock_gettime(2).
func Slept() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
