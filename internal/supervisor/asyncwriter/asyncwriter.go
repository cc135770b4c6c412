// Package asyncwriter writes a log without waiting for the disk: a disk that is slow or full must not slow down
// supervision.
package asyncwriter

import (
	"fmt"
	"io"
	"sync"
)

const (
	maxQueued = 512      // lines that wait for the disk
	maxBatch  = 64 << 10 // bytes after which a write isn't made any longer
)

// Writer writes lines in a goroutine of its own. Its methods may be called from any goroutine.
type Writer struct {
	to    io.WriteCloser
	lines chan []byte
	done  chan struct{}

	mu     sync.Mutex
	closed bool
	lost   int // lines dropped since the last one that was queued
}

// New makes a writer to to, which [Writer.Close] closes.
func New(to io.WriteCloser) *Writer {
	w := &Writer{to: to, lines: make(chan []byte, maxQueued), done: make(chan struct{})}
	go w.run()
	return w
}

// run writes what is queued, several lines at once where they came at once.
func (w *Writer) run() {
	defer close(w.done)
	var batch []byte
	for line := range w.lines {
		batch = append(batch[:0], line...)
		for more := true; more && len(batch) < maxBatch; {
			select {
			case next, ok := <-w.lines:
				batch = append(batch, next...)
				more = ok
			default:
				more = false
			}
		}
		_, _ = w.to.Write(batch) // there is no other place to report an error to
		if cap(batch) > maxBatch {
			batch = nil
		}
	}
}

// Write queues a line. It never blocks and never fails: where the disk doesn't keep up, lines are dropped, and the next
// one that is queued is preceded by a line that says how many.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return len(p), nil
	}
	line := append([]byte(nil), p...)
	if w.lost > 0 {
		line = append(fmt.Appendf(nil, `{"level":"WARN","msg":"lines of this log were dropped","lines":%d}`+"\n", w.lost), line...)
	}
	select {
	case w.lines <- line:
		w.lost = 0
	default:
		w.lost++
	}
	return len(p), nil
}

// Close writes what is queued and closes the file. What is written afterwards is dropped.
func (w *Writer) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.lines)
	}
	w.mu.Unlock()
	<-w.done
	return w.to.Close()
}
