package supervisor

import (
	"fmt"
	"io"
	"sync"
)

// aside writes daruma's own log beside the loop: a disk that is slow or full must not slow down supervision.
type aside struct {
	to    io.WriteCloser
	lines chan []byte
	done  chan struct{}

	mu     sync.Mutex
	closed bool
	lost   int
}

func newAside(to io.WriteCloser) *aside {
	a := &aside{to: to, lines: make(chan []byte, 512), done: make(chan struct{})}
	go a.run()
	return a
}

func (a *aside) run() {
	defer close(a.done)
	var batch []byte
	for line := range a.lines {
		batch = append(batch[:0], line...)
		for more := true; more && len(batch) < 64<<10; {
			select {
			case next, ok := <-a.lines:
				batch = append(batch, next...)
				more = ok
			default:
				more = false
			}
		}
		_, _ = a.to.Write(batch) // there is nobody left to tell
		if cap(batch) > 64<<10 {
			batch = nil
		}
	}
}

// Write queues a line. Where the disk doesn't keep up lines are dropped and counted.
func (a *aside) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return len(p), nil
	}
	line := append([]byte(nil), p...)
	if a.lost > 0 {
		line = append(fmt.Appendf(nil, `{"level":"WARN","msg":"lines of this log were dropped","lines":%d}`+"\n", a.lost), line...)
	}
	select {
	case a.lines <- line:
		a.lost = 0
	default:
		a.lost++
	}
	return len(p), nil
}

// Close writes what is queued.
func (a *aside) Close() error {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.lines)
	}
	a.mu.Unlock()
	<-a.done
	return a.to.Close()
}
