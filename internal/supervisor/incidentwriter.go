package supervisor

import (
	"context"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/mailbox"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// scribe writes the incident record, in order, beside the loop: a fall is written with the program's last words, and
// those may still be on their way through the pipe.
type scribe struct {
	recorder *incident.Recorder
	queue    *mailbox.Mailbox
	quit     chan struct{}
	done     chan struct{}
}

// lastWords is how long the record of a fall may wait for the output of the run that fell.
const lastWords = 250 * time.Millisecond

func newScribe(r *incident.Recorder) *scribe {
	c := &scribe{recorder: r, queue: mailbox.New(), quit: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

func (c *scribe) run() {
	defer close(c.done)
	for {
		select {
		case <-c.queue.Wake():
			c.queue.Run()
		case <-c.quit:
			c.queue.Run()
			return
		}
	}
}

// write queues an entry; ago tells it how long ago it was queued.
func (c *scribe) write(f func(r *incident.Recorder, ago time.Duration)) {
	at := monotonic.Now()
	c.queue.Post(func() { f(c.recorder, monotonic.Now()-at) })
}

// trouble says what is wrong with the record, or "".
func (c *scribe) trouble() string {
	h := c.recorder.Health()
	switch {
	case h.Err != nil:
		return fmt.Sprintf("the incident record can't be written (%d lines wait): %v", h.Pending, h.Err)
	case h.Lost > 0:
		return fmt.Sprintf("%d lines of the incident record were lost", h.Lost)
	}
	return ""
}

// close writes what is queued and syncs it.
func (c *scribe) close() {
	close(c.quit)
	<-c.done
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.recorder.Flush(ctx)
	_ = c.recorder.Close(ctx)
}

func (c *scribe) fell(s *supervisor, e engine.OpenIncident) {
	rt := s.runtimeOf(e.Program)
	f := incident.Fall{Program: e.Program, Generation: int(e.Generation), Kind: incident.Kind(e.Kind), Cause: e.Cause}
	switch e.Kind {
	case "livenessProbe", "startupProbe":
		f.Probe, f.ProbeError = e.Kind, e.Cause
	case "postStart":
		f.Kind = incident.StartupProbe
	}
	if x := e.Exit; x != nil {
		if x.Signal != 0 {
			f.Signal = signals.Name(x.Signal)
		} else if x.Error == "" {
			code := x.Code
			f.ExitCode = &code
		}
	}
	captures, sink := rt.outputs[e.Generation], rt.sink
	at := monotonic.Now()
	c.queue.Post(func() {
		f.LastOutput = lastOutput(captures, sink, e.Exit != nil)
		f.Ago = monotonic.Now() - at
		c.recorder.Fell(f)
	})
}

// lastOutput gives the program's last lines, once the run's output is in the log.
func lastOutput(captures []*logs.Capture, sink *logs.Sink, ended bool) []string {
	if sink == nil {
		return nil
	}
	patience := time.NewTimer(lastWords)
	defer patience.Stop()
	for _, capture := range captures {
		if !ended {
			break
		}
		select {
		case <-capture.Done():
		case <-patience.C:
		}
	}
	return sink.Tail(10, 4<<10)
}
