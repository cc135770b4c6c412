package control

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Remembered is how many events a Hub remembers: what a client that connects late can still read, and how far a slow
// one may fall behind.
const Remembered = 1000

const ringSize = Remembered

// ErrLagged says that events were overwritten before they were read.
var ErrLagged = errors.New("read too slowly: events were missed")

// Hub numbers the events of a service, remembers the last 1,000 and lets any number of readers follow them.
//
// Readers hold nothing but a number: there are no buffers per reader that could fill up, and so nothing that Publish
// could ever wait for. The zero Hub is ready; its first event is number 1.
type Hub struct {
	mu   sync.Mutex
	last uint64        // number of the newest event
	base uint64        // last at creation: ring[0] was event base+1
	ring []Event       // grows to ringSize, then wraps
	wake chan struct{} // closed by the next Publish; nil: nobody waits
}

// NewHub makes a hub whose first event gets the number last+1. A successor of a supervisor that died goes on where
// that one was by its snapshot's [Hub.Last]; otherwise last is 0.
func NewHub(last uint64) *Hub { return &Hub{last: last, base: last} }

// Last is the number of the newest event.
func (h *Hub) Last() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Oldest is the smallest number after which [Hub.Since] still gives every event.
func (h *Hub) Oldest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last - uint64(len(h.ring))
}

// Publish numbers e, sets its time where that is zero, remembers it and wakes the readers. It never waits for them.
// It gives the number.
func (h *Hub) Publish(e Event) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	e.Seq = h.last
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if len(h.ring) < ringSize {
		h.ring = append(h.ring, e)
	} else {
		h.ring[h.slot(e.Seq)] = e
	}
	if h.wake != nil {
		close(h.wake)
		h.wake = nil
	}
	return e.Seq
}

// Since gives the events after number since, oldest first, in buf's memory: at least one, at most cap(buf) (which must
// not be 0). Where there is none yet it waits for one, or for ctx and gives its error. Where some after since are
// forgotten already it gives [ErrLagged].
func (h *Hub) Since(ctx context.Context, since uint64, buf []Event) ([]Event, error) {
	for {
		events, wake, err := h.take(since, buf)
		if err != nil || len(events) > 0 {
			return events, err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take gives what there is after since, or the channel that closes when there is more.
func (h *Hub) take(since uint64, buf []Event) ([]Event, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since >= h.last {
		if h.wake == nil {
			h.wake = make(chan struct{})
		}
		return nil, h.wake, nil
	}
	if h.last-since > uint64(len(h.ring)) {
		return nil, nil, ErrLagged
	}
	buf = buf[:0]
	for n := since + 1; n <= h.last && len(buf) < cap(buf); n++ {
		buf = append(buf, h.ring[h.slot(n)])
	}
	return buf, nil, nil
}

// slot is where event n is in a full ring, and in one that is still growing too.
func (h *Hub) slot(n uint64) uint64 { return (n - h.base - 1) % ringSize }
