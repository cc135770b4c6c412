// Package mailbox is how other goroutines hand work to the one that owns a state: a queue of functions, which the owner
// runs in the order they came.
package mailbox

import "sync"

// Mailbox is an unbounded queue. Whoever posts never waits, so no probe or client can hold up another.
type Mailbox struct {
	mu    sync.Mutex
	queue []func()
	wake  chan struct{}
	spare []func() // the owner's: the last batch, to be filled again
}

// New makes an empty mailbox.
func New() *Mailbox { return &Mailbox{wake: make(chan struct{}, 1)} }

// Post queues a function for the owner.
func (m *Mailbox) Post(f func()) {
	m.mu.Lock()
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Wake has something to receive when functions were posted since the last receive.
func (m *Mailbox) Wake() <-chan struct{} { return m.wake }

// Run runs everything that is queued, in order. Only the owner calls it.
func (m *Mailbox) Run() {
	m.mu.Lock()
	batch := m.queue
	m.queue = m.spare[:0]
	m.mu.Unlock()
	for i, f := range batch {
		f()
		batch[i] = nil // what it holds can be collected
	}
	m.spare = batch
}
