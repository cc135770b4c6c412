// Package monotonic is the machine's monotonic clock: counted from its boot, the same for all processes, untouched by whoever sets
// the time of day. Go's time.Time carries such a clock too, but counts it from the start of the process, so that it can't be handed
// to a successor.
//
// The system has two, which differ in whether time asleep (suspend, hibernation) counts:
//
//   - [Now] stands still while the machine sleeps. It is the one for everything that is decided and measured: timeouts, restarts,
//     uptimes, the time a program was down. A sleep must not look like a program that hung.
//   - [SinceBoot] goes on. It is the one for how long the machine has been up, as an administrator reads it.
//
// [Slept] is the difference: it grows when the machine has slept.
//
// Whoever talks to the system itself (systemd's MONOTONIC_USEC, timers) needs the clock that the system names there.
package monotonic

import "time"

// Now is the time since the machine's boot that it was awake. On Linux CLOCK_MONOTONIC, on Windows the unbiased interrupt time.
func Now() time.Duration { return now() }

// SinceBoot is the time since the machine's boot, asleep or awake. On Linux CLOCK_BOOTTIME, on Windows the interrupt time; Windows'
// Fast Startup is a waking, not a boot.
func SinceBoot() time.Duration { return sinceBoot() }

// Slept is how long the machine has slept since its boot; 0 where this Windows can't say (before Windows 10).
func Slept() time.Duration { return slept() }
