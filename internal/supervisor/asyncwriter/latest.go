package asyncwriter

import (
	"sync"
	"time"
)

// Latest writes the newest of several values in a goroutine of its own: where values come faster than they can be written, those in
// between are passed over. Its methods may be called from any goroutine.
type Latest[T any] struct {
	Write func(T) // is never called twice at once

	mu      sync.Mutex
	next    *T // to be written
	writing bool
	writers sync.WaitGroup
}

// Set has v written. It doesn't wait.
func (l *Latest[T]) Set(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = &v
	if !l.writing {
		l.writing = true
		l.writers.Go(l.run)
	}
}

func (l *Latest[T]) run() {
	for {
		l.mu.Lock()
		v := l.next
		l.next = nil
		l.writing = v != nil
		l.mu.Unlock()
		if v == nil {
			return
		}
		l.Write(*v)
	}
}

// Wait waits until everything is written, for at most d.
func (l *Latest[T]) Wait(d time.Duration) {
	done := make(chan struct{})
	go func() {
		l.writers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(d):
	}
}
