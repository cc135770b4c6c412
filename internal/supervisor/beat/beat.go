// Package beat gives the supervisor's regular tick, at the least cost for a process that does nothing else.
package beat

import "time"

// Every gives a channel that receives once in each period, like a [time.Ticker]: a tick that nobody took is dropped. stop ends it, once.
func Every(period time.Duration) (ticks <-chan struct{}, stop func()) { return every(period) }

// byTicker is a tick by Go's own timers.
func byTicker(period time.Duration) (<-chan struct{}, func()) {
	ticks, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		t := time.NewTicker(period)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				tick(ticks)
			case <-done:
				return
			}
		}
	}()
	return ticks, func() { close(done) }
}

func tick(ticks chan<- struct{}) {
	select {
	case ticks <- struct{}{}:
	default: // the last one wasn't taken yet
	}
}
