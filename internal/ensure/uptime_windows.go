package ensure

import (
	"time"

	"golang.org/x/sys/windows"
)

// uptime is the time since the machine's boot, asleep or awake. Fast Startup goes on counting.
func uptime() time.Duration { return windows.DurationSinceBoot() }
