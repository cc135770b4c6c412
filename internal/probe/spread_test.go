package probe

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// 1,000 programs started at the same moment must not be asked at the same moment: no 1 % of the period
// may get more than 1.5 % of the probes, at in the first period and later on.
func TestThousandDontBeatInStep(t *testing.T) {
	const workers, slots, period = 1000, 100, 10 * time.Second
	for _, kind := range []Kind{Liveness, Readiness} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var asked []time.Duration
			start := time.Now()
			scheduler := NewScheduler()
			var all []*Worker
			for range workers {
				p := execProbe(period)
				all = append(all, scheduler.Start(t.Context(), Config{Probe: p, Kind: kind,
					Runner: func(context.Context, []string) (int, []byte, error) {
						mu.Lock()
						asked = append(asked, time.Since(start))
						mu.Unlock()
						return 0, nil, nil
					}}))
			}
			time.Sleep(5*period + time.Second)
			for _, w := range all {
				w.Stop()
			}
			if kind == Readiness {
				early := 0
				for _, d := range asked {
					if d < time.Second {
						early++
					}
				}
				if early < workers {
					t.Errorf("%d of %d fresh programs asked within a second", early, workers)
				}
			}
			for n := 1; n < 5; n++ { // in a readiness probe the first period holds the early probes too
				check(t, kind, asked, time.Duration(n)*period, period, workers, slots)
			}
			if kind == Liveness {
				check(t, kind, asked, 0, period, workers, slots)
			}
		})
	}
}

func check(t *testing.T, kind Kind, asked []time.Duration, from, period time.Duration, workers, slots int) {
	t.Helper()
	count, total := make([]int, slots), 0
	for _, d := range asked {
		if d > from && d <= from+period { // beats lie on a grid, and begin after the start
			count[int((d-from-1)*time.Duration(slots)/period)]++
			total++
		}
	}
	if total < workers-1 || total > workers+1 {
		t.Errorf("%s: %d probes of %d workers in the period from %v", kind, total, workers, from)
	}
	for slot, n := range count {
		if n > workers*3/2/slots {
			t.Errorf("%s: %d of %d probes in slot %d of %d of the period from %v", kind, n, workers, slot, slots, from)
		}
	}
}

// Programs that start one after the other, with other periods between, are spread as well.
func TestSpreadOfStaggeredStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, period = 600, 10 * time.Second
		var mu sync.Mutex
		var asked []time.Duration
		start, scheduler := time.Now(), NewScheduler()
		var all []*Worker
		for i := range 2 * workers {
			p := execProbe(period)
			if i%2 == 1 {
				p.Period = 7 * time.Second
			}
			all = append(all, scheduler.Start(t.Context(), Config{Probe: p, Kind: Liveness,
				Runner: func(context.Context, []string) (int, []byte, error) {
					mu.Lock()
					defer mu.Unlock()
					if i%2 == 0 {
						asked = append(asked, time.Since(start))
					}
					return 0, nil, nil
				}}))
			time.Sleep(13 * time.Millisecond)
		}
		time.Sleep(3 * period)
		for _, w := range all {
			w.Stop()
		}
		check(t, Liveness, asked, 3*period, period, workers, 50)
	})
}
