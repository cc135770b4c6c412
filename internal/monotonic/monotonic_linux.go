package monotonic

import (
	"time"

	"golang.org/x/sys/unix"
)

func now() time.Duration       { return read(unix.CLOCK_MONOTONIC) }
func sinceBoot() time.Duration { return read(unix.CLOCK_BOOTTIME) }
func slept() time.Duration {
	awake := now()
	return sinceBoot() - awake
}

// read reads a clock of clock_gettime(2), which fails for no clock that the kernel has had since 2.6.39.
func read(clock int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
