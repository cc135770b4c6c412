package logs

import (
	"runtime"
	"sync"
	"time"
)

// pump gives turns to the copiers that have something to do, on a few goroutines, first come, first served. A copier has at
// most one turn at a time, and each turn is bounded, so that one flooding program doesn't starve the others.
type pump struct {
	poller *poller
	peeker peeker

	mu      sync.Mutex
	queue   []*Copier
	workers int
	most    int
	closed  bool
	idle    sync.Cond // no worker runs
}

// turnResult says when a copier gets its next turn.
type turnResult struct {
	kind  turnKind
	after time.Duration // for later
}

type turnKind int

const (
	again    turnKind = iota // there is more: to the end of the queue
	wait                     // until the pipe has something
	later                    // after a while
	finished                 // not at all
)

func newPump() (*pump, error) {
	p := &pump{most: max(4, runtime.NumCPU())}
	p.idle.L = &p.mu
	var err error
	p.poller, err = newPoller(p.ready)
	return p, err
}

// ready queues c for a turn; during a turn, for one more.
func (p *pump) ready(c *Copier) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.gone {
		return
	}
	if c.running {
		c.missed = true
		return
	}
	if c.queued {
		return
	}
	c.queued = true
	p.queue = append(p.queue, c)
	if p.workers < p.most {
		p.workers++
		go p.work()
	}
}

// work takes turns until there is nothing to do; the goroutine then ends, and with it its memory.
func (p *pump) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 && !p.closed {
		c := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		c.queued, c.running = false, true
		alone := len(p.queue) == 0
		p.mu.Unlock()
		result := c.turn(alone)
		p.mu.Lock()
		c.running = false
		p.finishTurn(c, result)
	}
	if len(p.queue) == 0 {
		p.queue = nil
	}
	p.workers--
	if p.workers == 0 {
		p.idle.Broadcast()
	}
}

// finishTurn arranges the next turn; p.mu is held.
func (p *pump) finishTurn(c *Copier, result turnResult) {
	if result.kind == finished {
		c.gone = true
		return
	}
	if c.missed {
		result.kind = again
	}
	c.missed = false
	switch result.kind {
	case again:
		c.queued = true
		p.queue = append(p.queue, c)
	case wait:
		p.poller.rearm(c)
	case later:
		time.AfterFunc(result.after, func() { p.ready(c) })
	}
}

// close waits for the turns that are under way.
func (p *pump) close() error {
	p.mu.Lock()
	p.closed = true
	for p.workers > 0 {
		p.idle.Wait()
	}
	p.queue = nil
	p.mu.Unlock()
	p.poller.close()
	p.peeker.close()
	return nil
}

// bufferSize is that of the buffers for bytes that are looked at, and the most that is copied at once without splice(2).
const bufferSize = 64 << 10

// buffers are held only while data flows; the garbage collector takes what nobody needs.
type buffers struct{ small, json sync.Pool }

func (p *buffers) take() *[]byte {
	if b, ok := p.small.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, bufferSize)
	return &b
}

func (p *buffers) give(b *[]byte) { p.small.Put(b) }

func (p *buffers) takeJSON() *jsonBuffers {
	if b, ok := p.json.Get().(*jsonBuffers); ok {
		return b
	}
	return &jsonBuffers{out: make([]byte, 0, jsonBatch+(16<<10))}
}

func (p *buffers) giveJSON(b *jsonBuffers) { p.json.Put(b) }
