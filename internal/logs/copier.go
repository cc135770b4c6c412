package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Copier moves what comes out of one pipe of one run to the program's log.
type Copier struct {
	sink       *Sink
	pipe       *pipe
	generation int
	stream     string
	pollID     int32
	fresh      bool // of a run that no predecessor has read, and nothing of it was written yet

	queued, running, missed, gone bool // the pump's, under its lock

	draining, giveUp atomic.Bool
	done             chan struct{}

	// What follows belongs to the goroutine that has the turn, under the sink's lock.
	remaining int           // bytes that draining has still to take; -1: not asked yet
	fullTurns int           // turns in a row that found the pipe nearly full
	pause     time.Duration // before the next turn while writing fails
	spool     *spool        // json only
	resumed   bool          // what a kill interrupted in a predecessor is finished
}

const (
	spliceChunk  = largePipe            // bytes of one splice, for whose time the pipe is locked: in less, program and copier wake each other more often
	turnBytes    = 1 << 20              // bytes of one turn where others wait
	aloneBytes   = 8 << 20              // where nobody does
	largePipe    = 1 << 20              // what a flooded pipe is grown to: the most for an unprivileged user
	floodTurns   = 3                    // full turns in a row that make a flood
	pauseFirst   = time.Millisecond     // the first pause while writing fails; it doubles
	earlierPause = 5 * time.Millisecond // while an earlier run is drained
)

// Done is closed when every byte of the pipe is in the log (or counted as lost): after Drain, or when no process
// has the writing end any more. Closing the sink doesn't close it.
func (c *Copier) Done() <-chan struct{} { return c.done }

// Drain takes what is in the pipe now and ends the copier. Call it when the run's process tree is dead. A
// process outside of the tree may still hold the writing end: that makes no difference, and what it writes later is refused (EPIPE).
//
// While writing fails, Drain waits for it to work again until ctx ends; then the rest is discarded and counted, and the
// error says so. ErrClosed: the sink was closed, the bytes are still in the pipe.
func (c *Copier) Drain(ctx context.Context) error {
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

// turn moves what is in the pipe, a bounded amount of it. alone: no other copier waits for a turn.
func (c *Copier) turn(alone bool) turnResult {
	k := c.sink
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return turnResult{kind: finished}
	}
	if c.hasEarlier() {
		return turnResult{kind: later, after: earlierPause}
	}
	if c.draining.Load() && c.remaining < 0 {
		c.remaining = c.pipe.buffered()
	}
	now := time.Now()
	if k.outage.err != nil && now.Before(k.outage.next) && c.pipe.buffered() > 0 {
		return c.turnWhileFailing(now)
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
			if c.remaining > 0 {
				c.remaining = max(0, c.remaining-n)
			}
			now = time.Now()
		}
		switch {
		case err == nil && c.remaining != 0:
		case err == nil, err == io.EOF:
			return c.finish(now)
		case errors.Is(err, errEmpty):
			if !c.draining.Load() {
				c.pause = 0
				return turnResult{kind: wait}
			}
			if c.drained() {
				return c.finish(now)
			}
		default:
			k.failed(err, now)
			return c.turnWhileFailing(now)
		}
	}
	return turnResult{kind: again}
}

// drained tells whether a copier that is drained and found its pipe empty is done; otherwise remaining says what is left to take.
//
// If draining began during this turn, the pipe may have been found empty before that, and have been written to in between: it is
// asked once more. Only once, because a process outside of the run's tree may write to it without end.
func (c *Copier) drained() bool {
	if c.remaining < 0 {
		c.remaining = c.pipe.buffered()
		return c.remaining == 0
	}
	return true
}

// step moves one piece.
func (c *Copier) step(now time.Time) (int, error) {
	k := c.sink
	if c.remaining == 0 {
		return 0, errEmpty
	}
	if err := k.file.EnsureOpen(now); err != nil {
		return 0, err
	}
	if k.file.Indexed() {
		return c.copyText(now)
	}
	return c.copyJSON(now)
}

// hasEarlier tells whether output of an earlier run of the program is still in its pipe: its bytes come first.
func (c *Copier) hasEarlier() bool {
	for _, o := range c.sink.copiers {
		if o.generation < c.generation {
			return true
		}
	}
	return false
}

// drainEarlier ends the copiers of all runs but the newest. A run begins when the tree of the one before is dead, so that whatever those
// wrote is in their pipes by now. Nobody has to have said so: the next run may write before the end of the one before is dealt with.
// The sink's lock is held.
func (k *Sink) drainEarlier() {
	newest := k.newest()
	for _, c := range k.copiers {
		if c.generation < newest && !c.draining.Swap(true) {
			k.store.pump.ready(c)
		}
	}
}

// flooded grows the pipe of a program that fills it faster than it is emptied.
func (c *Copier) flooded(n int) {
	if c.pipe.capacity >= largePipe {
		return
	}
	if n < c.pipe.capacity/2 {
		c.fullTurns = 0
		return
	}
	if c.fullTurns++; c.fullTurns == floodTurns {
		c.pipe.grow(largePipe)
	}
}

// turnWhileFailing is the turn while writing fails. The bytes wait in the pipe. Before it gets full the oldest are discarded, so that
// the program never blocks for longer than until the next turn. Half full counts as full, because the kernel counts pages, and a page
// may be half empty.
func (c *Copier) turnWhileFailing(now time.Time) turnResult {
	k := c.sink
	if c.giveUp.Load() {
		if n := c.abandonSpool(); n > 0 {
			k.discarded(n, now)
		}
		k.discarded(c.pipe.discard(max(c.remaining, 0)), now)
		return c.finish(now)
	}
	if c.pipe.capacity < largePipe {
		c.pipe.grow(largePipe)
	}
	if n := c.pipe.buffered(); n >= c.pipe.capacity/2 {
		if !c.draining.Load() { // a dead program doesn't block
			k.discarded(c.pipe.discard(n-c.pipe.capacity/4), now)
		}
		c.pause = pauseFirst
		return turnResult{kind: later, after: 0}
	}
	c.pause = min(max(2*c.pause, pauseFirst), retryEvery)
	return turnResult{kind: later, after: c.pause}
}

// finish ends the copier: everything is written.
func (c *Copier) finish(now time.Time) turnResult {
	k := c.sink
	k.file.EndRun(now)
	if err := c.endJSON(now); err != nil {
		k.failed(err, now)
		if !c.giveUp.Load() {
			return turnResult{kind: later, after: retryEvery}
		}
		k.discarded(c.abandonSpool(), now)
	}
	k.store.pump.poller.remove(c)
	c.pipe.close()
	c.closeSpool(true)
	k.journal.free(c)
	for i, o := range k.copiers {
		if o == c {
			k.copiers = append(k.copiers[:i:i], k.copiers[i+1:]...)
			break
		}
	}
	k.takeNext()
	close(c.done)
	for _, o := range k.copiers { // a later run may have waited for this one
		k.store.pump.ready(o)
	}
	return turnResult{kind: finished}
}
