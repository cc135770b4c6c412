package manager

import (
	"context"
	"time"
)

// Progress is the report of a wait that lasts.
type Progress struct {
	What    string        // "hello is starting: checkpoint 3"
	Elapsed time.Duration // since the wait began; over a second
}

// await waits for ch, and reports the wait every second.
func await[T any](ctx context.Context, m Manager, what string, ch <-chan T) (T, error) {
	begin, reported := time.Now(), 0
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case v := <-ch:
			return v, nil
		case <-ctx.Done():
			var none T
			return none, context.Cause(ctx)
		case <-tick.C:
			reported = m.report(what, time.Since(begin), reported)
		}
	}
}

// report calls Progress once for every full second of a wait. reported is how many seconds were reported already; it gives how many are now.
func (m Manager) report(what string, elapsed time.Duration, reported int) int {
	if seconds := int(elapsed / time.Second); seconds > reported {
		if m.Progress != nil {
			m.Progress(Progress{What: what, Elapsed: elapsed})
		}
		return seconds
	}
	return reported
}
