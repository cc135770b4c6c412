package ensure

import (
	"time"

	"golang.org/x/sys/unix"
)

// uptime is the time since the machine's boot, asleep or awake.
func uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0 // it can't fail with a valid pointer and this clock
	}
	return time.Duration(ts.Nano())
}
