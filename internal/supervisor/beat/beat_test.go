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
			time.Sleep(4 * period) // sleep: ticks that nobody takes
			<-ticks
			begin = time.Now()
			<-ticks
			stop()
			if took := time.Since(begin); took < time.Millisecond {
				t.Errorf("ticks were kept: the next one came after %v", took)
			}
			select {
			case <-ticks: // one may have been on its way
			case <-time.After(2 * period):
			}
			select {
			case <-ticks:
				t.Error("it ticks after its stop")
			case <-time.After(3 * period):
			}
		})
	}
}
