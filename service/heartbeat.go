package service

import (
	"cmp"
	"time"

	"github.com/daruma-sh/daruma/service/internal/watchdog"
	"github.com/daruma-sh/daruma/service/notify"
)

// Heartbeat reports that the service's main loop is alive. Call it where the work is done, in each turn of the loop, and at
// least every half of [Service.Watchdog]; it costs some ten nanoseconds. The first call arms the watchdog: from then on the service
// counts as hung when no call comes for Service.Watchdog. Make the first call before [Host.Ready], or nobody notices a loop that hangs in
// its first turn.
//
// A service that is hung, by its heartbeat or by a liveness check ([Health.Liveness]), can't be trusted to stop. The stacks of all goroutines are
// written to the log and to stderr, daruma gets LIVE=0 with the reason, systemd WATCHDOG=trigger,
// and the process ends with [ExitWatchdog], so that the Service Control Manager's recovery actions, systemd's Restart= or
// daruma start it again.
//
// Time in which the whole process stood still doesn't count: while the machine sleeps, a debugger holds it, or it was stopped or
// frozen, no beat is missed, and afterwards a whole period begins. While the service pauses or stops no beat is expected either; a stop
// has its own deadline.
//
// # What it can't see
//
// The watchdog is a timer in the same process. It sees a deadlock, an endless loop and a main loop that waits for something for ever, but it sees
// nothing where Go's scheduler itself no longer runs: all threads stuck in the kernel (a dead network drive),
// a process starved of processor time. That takes a watchdog outside of the process. systemd has one, where the unit has WatchdogSec=: it gets
// WATCHDOG=1 every half of WATCHDOG_USEC for as long as the service is alive (sd_watchdog_enabled(3)). daruma has one, where the
// livenessProbe is notify. The Service Control Manager has none.
func (h *Host) Heartbeat() {
	if h.health != nil {
		h.health.watchdog.Beat()
	}
}

// defaultWatchdog is the longest silence where nobody sets it: that of the kubelet's livenessProbe, three times 10 s.
const defaultWatchdog = 30 * time.Second

// newWatchdog makes the service's watchdog.
func newWatchdog(h *Host, feed func()) *watchdog.Watchdog {
	limit := cmp.Or(max(0, h.service.Watchdog), h.beatPeriod, defaultWatchdog)
	return watchdog.New(watchdog.Config{Limit: limit, Outer: h.beatPeriod, Feed: feed, Expired: h.hung})
}

// hung reports why the service is hung, and ends the process.
func (h *Host) hung(why string) {
	switch h.environment {
	case EnvDaruma:
		m := notify.Negative(notify.Live, why)
		h.send(m.Key + "=" + m.Value)
	case EnvSystemd:
		h.send("STATUS=Hung: " + shortLine(why)) // platform.Notifier.Ended adds WATCHDOG=trigger when the stacks are written
	}
	h.tell(expiredMessage(why))
}
