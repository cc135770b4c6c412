// Package watchdog watches a service's heartbeat, and feeds whoever watches the service from outside.
package watchdog

import (
	"fmt"
	"sync"
	"time"
)

// Standstill is how much later than set a timer must come for us to conclude that the whole process wasn't running.
const Standstill = 500 * time.Millisecond

// parts is how many ticks make the time that a service may be silent. Each tick that comes in time and finds no beat
// counts for one part. Time is counted in ticks of our own, and not by a clock, because what isn't running doesn't tick: clocks
// differ in whether sleep counts (CLOCK_MONOTONIC stands still, Windows' interrupt time goes on), and none knows of a debugger.
const parts = 8

// minFeed bounds what a WATCHDOG_USEC costs that nobody can have meant.
const minFeed = 10 * time.Millisecond

// Watchdog is the watchdog of one service. Its methods may be called from any goroutine.
type Watchdog struct {
	config Config

	mu       sync.Mutex
	armed    bool
	watching bool // beats are expected
	beaten   bool // since the last tick
	silent   int  // ticks without a beat, in a row
	due      time.Time
	ticker   *time.Timer // of the heartbeat; nil: not armed yet
	feeder   *time.Timer // nil: no watchdog outside
	why      string      // it has expired
	stopped  bool
}

// Config is what a [Watchdog] does.
type Config struct {
	// Limit is the longest silence, once the first beat has armed the watchdog.
	Limit time.Duration
	// Outer is how long a watchdog outside of the process waits for a beat; 0: there is none.
	Outer time.Duration
	// Feed is called twice in each Outer as long as the service isn't hung.
	Feed func()
	// Expired is called once, when the service is hung, with the reason. It must not wait, nor call the watchdog.
	Expired func(why string)
}

// New makes a watchdog that expects beats once it is armed. [Watchdog.Start] begins to feed.
func New(c Config) *Watchdog { return &Watchdog{config: c, watching: true} }

// Start begins to feed. The first call of Feed comes at once: it must be ready for that.
func (w *Watchdog) Start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.config.Outer > 0 {
		w.feeder = time.AfterFunc(0, w.feed)
	}
}

func (w *Watchdog) feed() {
	w.mu.Lock()
	alive := !w.stopped && w.why == ""
	if alive {
		w.feeder.Reset(max(w.config.Outer/2, minFeed))
	}
	w.mu.Unlock()
	if alive {
		w.config.Feed()
	}
}

// Beat is one beat of the service; the first one arms the watchdog.
func (w *Watchdog) Beat() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beaten = true
	if !w.armed && !w.stopped {
		w.armed = true
		w.due = time.Now().Add(w.config.Limit / parts)
		w.ticker = time.AfterFunc(w.config.Limit/parts, w.tick)
	}
}

// tick counts silence.
func (w *Watchdog) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.why != "" {
		return
	}
	now, part := time.Now(), w.config.Limit/parts
	late := now.Sub(w.due) > part/2+Standstill
	switch {
	case late || w.beaten || !w.watching:
		w.silent = 0
	default:
		w.silent++
	}
	w.beaten = false
	w.due = now.Add(part)
	if w.silent >= parts {
		w.expire(fmt.Sprintf("no heartbeat for %v: the main loop must call host.Heartbeat more often; the stacks tell where it stands", w.config.Limit))
		return
	}
	w.ticker.Reset(part)
}

// Watch sets whether beats are expected from now on.
func (w *Watchdog) Watch(expected bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watching, w.silent, w.beaten = expected, 0, false
}

// Expire declares the service hung for another reason than a missing beat. It has no effect while no beats are expected.
func (w *Watchdog) Expire(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watching && !w.stopped && w.why == "" {
		w.expire(why)
	}
}

// expire is called with mu held.
func (w *Watchdog) expire(why string) {
	w.why = why
	w.config.Expired(why)
}

// Why is the reason why the service is hung, "" where it isn't.
func (w *Watchdog) Why() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

// Stop ends the watchdog: it expects no beats and doesn't feed any more.
func (w *Watchdog) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, t := range []*time.Timer{w.ticker, w.feeder} {
		if t != nil {
			t.Stop()
		}
	}
}
