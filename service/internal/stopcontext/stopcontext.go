// Package stopcontext is a context for what must be finished during a stop.
//
// Its deadline is known only when the stop begins, and it may move. Package context has no such context; and one that is cancelled
// instead would say context.Canceled, which a service may return to say that it stopped as asked.
package stopcontext

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrTimeout is the cause of the end of a context whose deadline has passed.
var ErrTimeout = errors.New("daruma: the service's time to stop is almost over")

// Context is the context. [New] makes it; it has no deadline until [Context.SetDeadline].
type Context struct {
	context.Context // for its values and its cause; it ends just before done is closed
	cancel          context.CancelCauseFunc
	done            chan struct{}

	mu       sync.Mutex
	err      error
	deadline time.Time // zero: none
	timer    *time.Timer
}

// New makes a context without a deadline.
func New() *Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Context{Context: ctx, cancel: cancel, done: make(chan struct{})}
}

// Done is closed when the context ends.
func (c *Context) Done() <-chan struct{} { return c.done }

// Err is context.DeadlineExceeded once the deadline has passed, context.Canceled after Release.
func (c *Context) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// AfterFunc is what package context calls for contexts derived from this one. Without it each of them has a goroutine.
func (c *Context) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }

// Deadline is when the context ends; false before SetDeadline.
func (c *Context) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deadline, !c.deadline.IsZero()
}

// SetDeadline sets or moves the deadline. It has no effect on a context that has ended.
func (c *Context) SetDeadline(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = at
	if c.timer != nil {
		c.timer.Stop()
	}
	c.timer = time.AfterFunc(time.Until(at), func() { c.expired(at) })
}

// expired ends the context, unless the deadline was moved after the timer had fired.
func (c *Context) expired(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.Equal(at) {
		c.finish(context.DeadlineExceeded, ErrTimeout)
	}
}

// Release ends the context and its timer.
func (c *Context) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.finish(context.Canceled, context.Canceled)
}

// finish ends the context. mu is held, so that Err waits where the cause is set already and err isn't yet.
func (c *Context) finish(err, cause error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.cancel(cause)
	close(c.done)
}
