package host

import (
	"context"
	"time"
)

// Progress tells of a wait that lasts.
type Progress struct {
	What    string        // "hello is starting: checkpoint 3"
	Elapsed time.Duration // since the wait began; over a second
}

// poll asks until the answer is done, at once, then 20 ms later, and at growing intervals up to a quarter of a second:
// neither the SCM's handles nor a process of somebody else's can be awaited in Go without a thread that sleeps for it.
// ask also says in words what is waited for.
func (m Manager) poll(ctx context.Context, ask func() (done bool, what string, err error)) error {
	begin, told := time.Now(), 0
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		done, what, err := ask()
		if done || err != nil {
			return err
		}
		told = m.tell(what, time.Since(begin), told)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
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
