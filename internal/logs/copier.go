package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Capture is one pipe of one run, being moved to its program's log.
type Capture struct {
	sink       *Sink
	src        *source
	generation int
	stream     string
	pollID     int32

	queued, running, missed, gone bool // the pump's, under its lock

	draining, giveUp atomic.Bool
	done             chan struct{}

	// The following belong to the turn, under the sink's lock.
	left  int // bytes that draining has still to take; -1: not looked yet
	full  int // turns in a row that found the pipe nearly full
	pause time.Duration
	spool *spool // json only

	settled bool // what a kill interrupted is finished
}

const (
	moveChunk  = 256 << 10 // bytes of one splice: the pipe is locked for its time
	turnBytes  = 1 << 20   // bytes of one turn where others wait
	aloneBytes = 8 << 20   // where nobody does
	largePipe  = 1 << 20   // what a flooded pipe is grown to: the most that an unprivileged user may have
	floodTurns = 3
	pauseFirst = time.Millisecond
	elderPause = 5 * time.Millisecond
)

// Done is closed when every byte of the pipe is in the log (or counted as lost): after Drain, or when no process
// has the writing end any more. Closing the sink doesn't close it.
func (c *Capture) Done() <-chan struct{} { return c.done }

// Drain takes what is in the pipe now and ends the capture. It is to be called when the run's process tree is dead; that
// a stranger still holds the writing end makes no difference, and what it writes later is refused to it (EPIPE).
//
// While writing fails, Drain waits for it to work again until ctx ends; then the rest is discarded and counted, and the
// error says so. ErrClosed: the sink was closed, the bytes are still in the pipe.
func (c *Capture) Drain(ctx context.Context) error {
	c.draining.Store(true)
	c.sink.store.pump.ready(c)
	select {
	case <-c.done:
		return nil
	case <-c.sink.quit:
		return ErrClosed
	case <-ctx.Done():
	}
	before := c.sink.lost.Load()
	c.giveUp.Store(true)
	c.sink.store.pump.ready(c)
	stuck := time.NewTimer(time.Second) // a disk that hangs holds the turn: its write can't be broken off
	defer stuck.Stop()
	select {
	case <-c.done:
		if n := c.sink.lost.Load() - before; n > 0 {
			return fmt.Errorf("draining the output of %s: %d bytes discarded: %w", c.sink.name, n, ctx.Err())
		}
		return nil
	case <-c.sink.quit:
		return ErrClosed
	case <-stuck.C:
		return fmt.Errorf("draining the output of %s: writing hangs: %w", c.sink.name, ctx.Err())
	}
}

// turn moves what is there, a bounded amount of it.
func (c *Capture) turn(alone bool) verdict {
	k := c.sink
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return verdict{kind: finished}
	}
	if c.hasElder() {
		return verdict{kind: later, after: elderPause}
	}
	if c.draining.Load() && c.left < 0 {
		c.left = c.src.buffered()
	}
	now := time.Now()
	if k.bad.err != nil && now.Before(k.bad.next) && c.src.buffered() > 0 {
		return c.hold(now)
	}
	budget := turnBytes
	if alone {
		budget = aloneBytes
	}
	for moved := 0; moved < budget; {
		n, err := c.step(now)
		if n > 0 {
			moved += n
			k.wrote(n, now)
			c.flooded(n)
			if c.left > 0 {
				c.left = max(0, c.left-n)
			}
			now = time.Now()
		}
		switch {
		case err == nil && (c.left != 0):
		case err == nil, err == io.EOF, errors.Is(err, errEmpty) && c.draining.Load():
			return c.finish(now)
		case errors.Is(err, errEmpty):
			c.pause = 0
			return verdict{kind: wait}
		default:
			k.failed(err, now)
			return c.hold(now)
		}
	}
	return verdict{kind: again}
}

// step moves one piece.
func (c *Capture) step(now time.Time) (int, error) {
	k := c.sink
	if c.left == 0 {
		return 0, errEmpty
	}
	if err := k.file.ensure(now); err != nil {
		return 0, err
	}
	if k.file.indexed {
		return c.moveText(now)
	}
	return c.moveJSON(now)
}

// hasElder tells whether an earlier run of the program still has bytes to be drained.
func (c *Capture) hasElder() bool {
	for _, o := range c.sink.caps {
		if o == c {
			break
		}
		if o.generation < c.generation && o.draining.Load() {
			return true
		}
	}
	return false
}

// flooded grows the pipe of a program that fills it faster than it is emptied.
func (c *Capture) flooded(n int) {
	if c.src.capacity >= largePipe {
		return
	}
	if n < c.src.capacity/2 {
		c.full = 0
		return
	}
	if c.full++; c.full == floodTurns {
		c.src.grow(largePipe)
	}
}

// hold is the turn while writing fails: the bytes wait in the pipe, and before it gets full the oldest are discarded, so
// that the program never blocks for longer than until the next look. Half full counts as full, because the
// kernel counts pages, and a page may be half empty.
func (c *Capture) hold(now time.Time) verdict {
	k := c.sink
	if c.giveUp.Load() {
		if n := c.abandonSpool(); n > 0 {
			k.discarded(n, now)
		}
		k.discarded(c.src.discard(max(c.left, 0)), now)
		return c.finish(now)
	}
	if c.src.capacity < largePipe {
		c.src.grow(largePipe)
	}
	if n := c.src.buffered(); n >= c.src.capacity/2 {
		if !c.draining.Load() { // a dead program doesn't block
			k.discarded(c.src.discard(n-c.src.capacity/4), now)
		}
		c.pause = pauseFirst
		return verdict{kind: later, after: 0}
	}
	c.pause = min(max(2*c.pause, pauseFirst), retryEvery)
	return verdict{kind: later, after: c.pause}
}

// finish ends the capture: everything is written.
func (c *Capture) finish(now time.Time) verdict {
	k := c.sink
	if err := c.endJSON(now); err != nil {
		k.failed(err, now)
		if !c.giveUp.Load() {
			return verdict{kind: later, after: retryEvery}
		}
		k.discarded(c.abandonSpool(), now)
	}
	k.store.pump.poller.remove(c)
	c.src.close()
	c.closeSpool(true)
	k.moves.free(c)
	for i, o := range k.caps {
		if o == c {
			k.caps = append(k.caps[:i:i], k.caps[i+1:]...)
			break
		}
	}
	close(c.done)
	for _, o := range k.caps { // a later run may have waited for this one
		k.store.pump.ready(o)
	}
	return verdict{kind: finished}
}
