package manager

import (
	"context"
	"time"
)

// poll asks until the answer is done, at once, then 20 ms later, and at growing intervals up to a quarter of a second:
// neither the SCM's handles nor a process of somebody else's can be awaited in Go without a thread that sleeps for it.
// ask also gives a text of what is waited for.
func (m Manager) poll(ctx context.Context, ask func() (done bool, what string, err error)) error {
	begin, reported := time.Now(), 0
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		done, what, err := ask()
		if done || err != nil {
			return err
		}
		reported = m.report(what, time.Since(begin), reported)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}
