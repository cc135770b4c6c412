package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"
)

// sink is where one writer's records go. The writer's goroutine alone calls its methods.
type sink interface {
	// open prepares the sink; an error means that it will never take anything.
	open() error
	// write writes b from b.written on, and advances that. After an error it is called again with the same batch later.
	write(b *batch) error
	close() error
	String() string // for messages: the file's path, "stdout", "the journal"
}

// Pauses between attempts to write to an output that failed.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// writer is the goroutine that owns a sink.
type writer struct {
	queue  *queue
	sink   sink
	notice func(*batch, slog.Record) // formats one record into the batch
	ended  chan struct{}
}

func newWriter(q *queue, sink sink, notice func(*batch, slog.Record)) *writer {
	w := &writer{queue: q, sink: sink, notice: notice, ended: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) run() {
	defer close(w.ended)
	if err := w.sink.open(); err != nil {
		w.queue.disable()
		fmt.Fprintf(os.Stderr, "daruma: %v\n", err)
		return
	}
	defer w.sink.close()
	for {
		b, dropped, last := w.queue.take()
		if dropped > 0 {
			w.addNotice(&b, dropped)
		}
		if len(b.marks) > 0 {
			w.deliver(&b)
			continue
		}
		if last {
			return
		}
		select {
		case <-w.queue.wake:
		case <-w.queue.closing:
		}
	}
}

// addNotice adds the notice of dropped records. It calls ReplaceAttr, which is the service's own code and may panic. (For the service's
// records it is called, and panics, in the goroutine that logs.)
func (w *writer) addNotice(b *batch, dropped uint64) {
	defer func() {
		if value := recover(); value != nil {
			fmt.Fprintf(os.Stderr, "daruma: ReplaceAttr panicked (%v) at the notice of %d dropped records\n", value, dropped)
		}
	}()
	w.notice(b, dropNotice(dropped))
}

// deliver tries to write b until that succeeds; once the queue is closed there is one last try.
func (w *writer) deliver(b *batch) {
	closing := w.queue.closing
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := w.sink.write(b)
		w.queue.failed(err)
		if err == nil || closing == nil {
			w.queue.finish(*b)
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-closing:
			closing = nil
		}
		timer.Stop()
	}
}

// flush waits for what was put before the call.
func (w *writer) flush(ctx context.Context) error {
	before, _ := w.queue.losses()
	select {
	case <-w.queue.flushed():
		lost, cause := w.queue.losses()
		return w.loss(lost-before, cause)
	case <-ctx.Done():
		return w.unwritten(ctx)
	}
}

// wait waits for the end of the writer, whose queue was closed.
func (w *writer) wait(ctx context.Context) error {
	select {
	case <-w.ended:
		return w.loss(w.queue.losses())
	case <-ctx.Done():
		return w.unwritten(ctx)
	}
}

func (w *writer) loss(n uint64, cause error) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("log to %s: %d records were lost: %w", w.sink, n, cause)
}

func (w *writer) unwritten(ctx context.Context) error {
	waiting, failure := w.queue.backlog()
	err := context.Cause(ctx)
	if failure != nil {
		err = errors.Join(err, failure)
	}
	return fmt.Errorf("log to %s: %d records wait to be written: %w", w.sink, waiting, err)
}

// newRecord makes a record of the package's own, with its caller's caller as the source.
func newRecord(level slog.Level, message string) slog.Record {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	return slog.NewRecord(time.Now(), level, message, pcs[0])
}
