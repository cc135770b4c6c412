package service

import (
	"fmt"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/service/notify"
)

// Heartbeat says that the service's main loop is alive. Call it from where the work is done, in each turn of the loop, and at
// least every half of [Service.Watchdog]; it costs some ten nanoseconds. The first call arms the watchdog: from then on
// the service counts as hung where no call comes for Service.Watchdog. Make it before [Host.Ready], or a loop that hangs in its first
// turn is never missed.
//
// A service that is hung, by its heartbeat or by a liveness check ([Health.Liveness]), can't be trusted to stop. The stacks of all goroutines are
// written to the log and to stderr, whoever started the service is told why (LIVE=0 to daruma, WATCHDOG=trigger to systemd),
// and the process ends with [ExitWatchdog], so that the Service Control Manager's recovery actions, systemd's Restart= or
// daruma start it again.
//
// Time in which the whole process stood still doesn't count: while the machine sleeps, a debugger holds it, or it was stopped or
// frozen, no beat is missed, and afterwards a whole period is granted. While the service pauses or stops nothing is expected of
// it either; a stop has its own deadline.
//
// # What it can't see
//
// The watchdog is a timer in the same process. It sees a deadlock, an endless loop and a main loop that waits for something for ever, but it sees
// nothing where Go's scheduler itself no longer runs: all threads stuck in the kernel (a dead network drive),
// a process starved of processor time. For that somebody outside must listen. systemd does, where the unit has WatchdogSec=: it gets
// WATCHDOG=1 every half of WATCHDOG_USEC for as long as the service is alive (sd_watchdog_enabled(3)). So does daruma, where the
// livenessProbe is notify. The Service Control Manager has nothing like it.
func (h *Host) Heartbeat() { h.Health.dog.heard() }

// defaultWatchdog is how long an armed service may be silent where nobody says: the kubelet's livenessProbe, three times 10 s.
const defaultWatchdog = 30 * time.Second

// parts is how many ticks make the time that a service may be silent. Each tick that comes in time and finds no beat
// counts for one part. Time is counted in ticks of our own, and not by a clock, because what isn't running doesn't tick: clocks
// differ in whether sleep counts (CLOCK_MONOTONIC stands still, Windows' interrupt time goes on), and none knows of a debugger.
const parts = 8

// watchdog watches the heartbeat and feeds whoever watches from outside.
type watchdog struct {
	host  *Host
	limit time.Duration // longest silence
	outer time.Duration // how often somebody outside wants to hear of us; 0: nobody
	feed  func()

	mu       sync.Mutex
	armed    bool
	watching bool // the service starts or runs
	beaten   bool // since the last tick
	silent   int  // ticks without a beat, in a row
	due      time.Time
	ticker   *time.Timer // of the heartbeat; nil: not armed yet
	feeder   *time.Timer // nil: nobody outside
	why      string      // it has expired
	stopped  bool
}

func newWatchdog(h *Host, feed func()) *watchdog {
	w := &watchdog{host: h, limit: h.service.Watchdog, outer: h.watchdog, feed: feed, watching: true}
	if w.limit <= 0 {
		w.limit = w.outer
	}
	if w.limit <= 0 {
		w.limit = defaultWatchdog
	}
	return w
}

// start begins to feed. Not before whoever feeds is complete: the first beat comes at once.
func (w *watchdog) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.outer > 0 {
		w.feeder = time.AfterFunc(0, w.feedOuter)
	}
}

// leastFeed bounds what a WATCHDOG_USEC costs that nobody can have meant.
const leastFeed = 10 * time.Millisecond

// feedOuter tells systemd or daruma that we are alive.
func (w *watchdog) feedOuter() {
	w.mu.Lock()
	alive := !w.stopped && w.why == ""
	if alive {
		w.feeder.Reset(max(w.outer/2, leastFeed))
	}
	w.mu.Unlock()
	if alive {
		w.feed()
	}
}

// heard is one beat of the service.
func (w *watchdog) heard() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beaten = true
	if !w.armed && !w.stopped {
		w.armed = true
		w.due = time.Now().Add(w.limit / parts)
		w.ticker = time.AfterFunc(w.limit/parts, w.tick)
	}
}

// tick counts silence.
func (w *watchdog) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.why != "" {
		return
	}
	now, part := time.Now(), w.limit/parts
	late := now.Sub(w.due) > part/2+standstill
	switch {
	case late || w.beaten || !w.watching:
		w.silent = 0
	default:
		w.silent++
	}
	w.beaten = false
	w.due = now.Add(part)
	if w.silent >= parts {
		w.expireLocked(fmt.Sprintf("no heartbeat for %v: the main loop must call host.Heartbeat more often; the stacks tell where it stands", w.limit))
		return
	}
	w.ticker.Reset(part)
}

// watch says whether beats are expected at the moment.
func (w *watchdog) watch(expected bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watching, w.silent, w.beaten = expected, 0, false
}

// expire ends the process, unless the service stops already: then the stop's deadline is there for that.
func (w *watchdog) expire(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watching && !w.stopped && w.why == "" {
		w.expireLocked(why)
	}
}

func (w *watchdog) expireLocked(why string) {
	w.why = why
	switch w.host.environment {
	case Daruma:
		m := notify.Negative(notify.Live, why)
		w.host.say(m.Key + "=" + m.Value)
	case Systemd:
		w.host.say("STATUS=Hung: " + shortLine(why)) // words.ended adds WATCHDOG=trigger when the stacks are written
	}
	w.host.expire(why)
}

// expired says why the service counts as hung, "" where it doesn't.
func (w *watchdog) expired() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, t := range []*time.Timer{w.ticker, w.feeder} {
		if t != nil {
			t.Stop()
		}
	}
}
