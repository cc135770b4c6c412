package manager

import (
	"context"
	"time"
)

// Progress tells of a wait that lasts.
type Progress struct {
	What    string        // "hello is starting: checkpoint 3"
	Elapsed time.Duration // since the wait began; over a second
}

// await waits for ch, and tells of it every second.
func await[T any](ctx context.Context, m Manager, what string, ch <-chan T) (T, error) {
	begin, told := time.Now(), 0
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
			told = m.tell(what, time.Since(begin), told)
		}
	}
}

// tell calls Progress once for every full second; told is how many were told of.
func (m Manager) tell(what string, elapsed time.Duration, told int) int {
	if seconds := int(elapsed / time.Second); seconds > told {
		if m.Progress != nil {
			m.Progress(Progress{What: what, Elapsed: elapsed})
		}
		return seconds
	}
	return told
}
