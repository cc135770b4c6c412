package service

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errStopTimeout is the cause of the end of Host.StopContext.
var errStopTimeout = errors.New("daruma: the service's time to stop is almost over")

// stopContext is a context whose deadline is known only when the stop begins, and moves with ExtendTimeout. Package context
// has none such, and one that is cancelled instead would say context.Canceled: of a Run that returns it, it is taken
// for an obedient end.
type stopContext struct {
	context.Context // for its values and its cause; over just before done is closed
	cancel          context.CancelCauseFunc
	done            chan struct{}

	mu       sync.Mutex
	err      error
	deadline time.Time // zero: none
	timer    *time.Timer
}

func newStopContext() *stopContext {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &stopContext{Context: ctx, cancel: cancel, done: make(chan struct{})}
}

// Done is closed when the context ends.
func (c *stopContext) Done() <-chan struct{} { return c.done }

// Err is context.DeadlineExceeded once the time is over.
func (c *stopContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// AfterFunc is what package context asks for contexts derived from this one: without it each has a goroutine.
func (c *stopContext) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }

// Deadline is when the context ends, false before the stop has begun.
func (c *stopContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deadline, !c.deadline.IsZero()
}

// end moves the deadline.
func (c *stopContext) end(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = at
	if c.timer != nil {
		c.timer.Stop()
	}
	c.timer = time.AfterFunc(time.Until(at), func() { c.expired(at) })
}

// expired: a timer that was moved meanwhile may have fired all the same.
func (c *stopContext) expired(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.Equal(at) {
		c.finish(context.DeadlineExceeded, errStopTimeout)
	}
}

// release gives the timer back.
func (c *stopContext) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.finish(context.Canceled, context.Canceled)
}

// finish ends the context, with mu held: whoever asks Err because the cause is set waits until it is.
func (c *stopContext) finish(err, cause error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.cancel(cause)
	close(c.done)
}
