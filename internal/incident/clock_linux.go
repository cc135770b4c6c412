package incident

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// bootID is the kernel's random name of this boot.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "" // no /proc: durations across a restart of daruma then come from the wall clock
	}
	return strings.TrimSpace(string(b))
}

// sinceBoot reads the monotonic clock itself: Go's time.Time carries it, too, but counted from the start of the process.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0 // it can't fail with a valid pointer and this clock
	}
	return time.Duration(ts.Nano())
}
