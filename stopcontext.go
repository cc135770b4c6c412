package daruma

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errStopTimeout is the cause of the end of Host.StopContext.
var errStopTimeout = errors.New("daruma: the service's time to stop is almost over")

// stopContext is a context whose deadline is known only when the stop begins, and moves with ExtendTimeout.
type stopContext struct {
	context.Context
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	deadline time.Time // zero: none
	timer    *time.Timer
}

func newStopContext() *stopContext {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &stopContext{Context: ctx, cancel: cancel}
}

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
	if now, _ := c.Deadline(); now.Equal(at) {
		c.cancel(errStopTimeout)
	}
}

// release gives the timer back.
func (c *stopContext) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.cancel(context.Canceled)
}
