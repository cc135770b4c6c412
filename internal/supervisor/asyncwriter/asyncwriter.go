// Package asyncwriter writes a log without waiting for the disk: a disk that is slow or full must not slow down
// supervision.
package asyncwriter

import (
	"bytes"
	"errors"
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
	lost   int   // lines dropped that the log doesn't tell of yet
	err    error // why the disk refused the last of them
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
		w.write(batch)
		if cap(batch) > maxBatch {
			batch = nil
		}
	}
	w.write(nil)
}

// write writes lines, and before them how many were lost. What the disk refuses is lost as a whole, and counted.
func (w *Writer) write(batch []byte) {
	w.mu.Lock()
	lost := w.lost
	w.mu.Unlock()
	text := batch
	if lost > 0 {
		text = append(fmt.Appendf(nil, `{"level":"WARN","msg":"lines of this log were dropped","lines":%d}`+"\n", lost), batch...)
	}
	if len(text) == 0 {
		return
	}
	_, err := w.to.Write(text)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.lost += bytes.Count(batch, []byte("\n"))
		w.err = err
		return
	}
	w.lost -= lost
}

// Write queues a line. It never blocks and never fails: where the disk doesn't keep up or refuses lines, they are dropped, and the next
// that is written is preceded by a line that says how many.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return len(p), nil
	}
	select {
	case w.lines <- append([]byte(nil), p...):
	default:
		w.lost++
	}
	return len(p), nil
}

// Close writes what is queued and closes the file. What is written afterwards is dropped. The error says how many lines were lost that
// the log itself couldn't be told of.
func (w *Writer) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.lines)
	}
	w.mu.Unlock()
	<-w.done
	err := w.to.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost > 0 {
		err = errors.Join(fmt.Errorf("%d lines were lost: %w", w.lost, w.err), err)
	}
	return err
}
