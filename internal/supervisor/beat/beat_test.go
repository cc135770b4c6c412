package beat

import (
	"testing"
	"time"
)

// TestEvery: ticks come in each period, those that nobody takes are one, and after the stop there are none.
func TestEvery(t *testing.T) {
	for name, start := range map[string]func(time.Duration) (<-chan struct{}, func()){"system": every, "ticker": byTicker} {
		t.Run(name, func(t *testing.T) {
			const period = 20 * time.Millisecond
			begin := time.Now()
			ticks, stop := start(period)
			for range 3 {
				<-ticks
			}
			if took := time.Since(begin); took < 3*period-time.Millisecond {
				t.Errorf("three ticks of %v took %v", period, took)
			}
			time.Sleep(6 * period) // sleep: ticks that nobody takes
			// At once there may be the one that was kept, one on its way, and one whose time is just now. Five can't be.
			<-ticks
			begin = time.Now()
			for range 4 {
				<-ticks
			}
			stop()
			if took := time.Since(begin); took < period {
				t.Errorf("ticks were kept: five came within %v", took)
			}
			time.Sleep(3 * period) // sleep: for those that were on their way
			select {
			case <-ticks: // the last that was kept
			default:
			}
			select {
			case <-ticks:
				t.Error("it ticks after its stop")
			case <-time.After(3 * period):
			}
		})
	}
}
