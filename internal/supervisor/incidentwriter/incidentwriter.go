// Package incidentwriter writes the incident record, in order, without making the supervisor wait: for the disk, or for a
// failed run's last output, which may still be on its way through the pipe.
package incidentwriter

import (
	"context"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

const (
	// outputTimeout is how long the record of a failure may wait for the output of the run that failed.
	outputTimeout = 250 * time.Millisecond
	// closeTimeout is how long the last lines may take to reach the disk.
	closeTimeout = 2 * time.Second

	// The end of the output that an incident shows.
	maxLines = 10
	maxBytes = 4 << 10
)

// Writer writes to a recorder from a goroutine of its own.
type Writer struct {
	recorder *incident.Recorder // nil: it couldn't be opened, and nothing is recorded
	queue    *mailbox.Mailbox
	quit     chan struct{}
	done     chan struct{}
}

// New makes a writer for r, which [Writer.Close] closes. A nil recorder records nothing.
func New(r *incident.Recorder) *Writer {
	w := &Writer{recorder: r, queue: mailbox.New(), quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *Writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.queue.Wake():
			w.queue.Run()
		case <-w.quit:
			w.queue.Run()
			return
		}
	}
}

// Write queues an entry. f gets how long ago that was.
func (w *Writer) Write(f func(r *incident.Recorder, ago time.Duration)) {
	at := monotonic.Now()
	w.queue.Post(func() { f(w.recorder, monotonic.Now()-at) })
}

// NoteAlive notes now and then that the recorder lives: see [incident.Recorder.NoteAlive]. It is called at each heartbeat.
func (w *Writer) NoteAlive() { w.recorder.NoteAlive() }

// Output is where the output of a run goes.
type Output struct {
	Captures []*logs.Copier // what is copied from its pipes
	Sink     *logs.Sink     // the program's log; nil: it has none
	Ended    bool           // the run has ended: its pipes will be empty soon
}

// WriteFailure queues a failure, which happened f.Ago ago; the last lines of output are added to it when they are in the log.
func (w *Writer) WriteFailure(f incident.Fall, output Output) {
	at := monotonic.Now() - f.Ago
	w.queue.Post(func() {
		f.LastOutput = output.lastLines()
		f.Ago = monotonic.Now() - at
		w.recorder.RecordFall(f)
	})
}

// lastLines gives the end of the program's log, once the run's output is in it.
func (o Output) lastLines() []string {
	if o.Sink == nil {
		return nil
	}
	timeout := time.NewTimer(outputTimeout)
	defer timeout.Stop()
	for _, capture := range o.Captures {
		if !o.Ended {
			break
		}
		select {
		case <-capture.Done():
		case <-timeout.C:
		}
	}
	return o.Sink.Tail(maxLines, maxBytes)
}

// Problem says what is wrong with the record, or "".
func (w *Writer) Problem() string {
	h := w.recorder.Health()
	switch {
	case h.Err != nil:
		return fmt.Sprintf("the incident record can't be written (%d lines wait): %v", h.Pending, h.Err)
	case h.Lost > 0:
		return fmt.Sprintf("%d lines of the incident record were lost", h.Lost)
	}
	return ""
}

// Close writes what is queued, and syncs and closes the record.
func (w *Writer) Close() {
	close(w.quit)
	<-w.done
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = w.recorder.Flush(ctx)
	_ = w.recorder.Close(ctx)
}
