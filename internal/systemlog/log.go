package systemlog

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Event is one event for the system's log.
type Event struct {
	Kind    string // of the table
	Program string // "": the service as a whole
	Reason  string // in words, without a full stop
	// Clean makes of Reason what everybody may read, see Plain; nil: it is that already. The writer's goroutine calls it, only for events
	// that are written.
	Clean func(reason string) string

	more string // what else was counted
}

// sink is the system's log. Only the writer's goroutine calls it.
type sink interface {
	write(service string, entry Entry, e Event) error
	close()
}

// Log writes a service's events. A nil *Log does nothing: where the system has no log for us, or wants none.
type Log struct {
	service string
	sink    sink
	trouble func(error)

	mu      sync.Mutex
	queue   []Event
	lost    int // that found the queue full
	limiter limiter
	wake    chan struct{}

	quit, done chan struct{}
}

// room is how many events may wait. What comes faster is counted: the limiter lets far fewer than that pass.
const room = 256

// Open gives the system's log for the service that it knows by this name.
//
// Windows: the Application log, under the event source of that name, which install has registered; where it isn't, trouble
// is told so and nothing is written, for the event would read "description not found". Linux: the journal, where the environment
// says that systemd runs this process (JOURNAL_STREAM or NOTIFY_SOCKET, systemd.exec(5)); otherwise the Log is nil.
//
// trouble is called by the writer's goroutine with why events can't be written, once for each reason in a row.
func Open(service string, trouble func(error)) *Log {
	s := openSink(service)
	if s == nil {
		return nil
	}
	return start(service, s, trouble)
}

func start(service string, s sink, trouble func(error)) *Log {
	l := &Log{service: service, sink: s, trouble: trouble, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// Wants says whether Tell would do anything with events of this kind: whether there is a log, and it isn't Quiet.
func (l *Log) Wants(kind string) bool { return l != nil && !Find(kind).Quiet }

// Tell queues an event. It never waits; kinds that are Quiet are passed over.
func (l *Log) Tell(e Event) {
	if !l.Wants(e.Kind) {
		return
	}
	now := time.Now()
	l.mu.Lock()
	if e.Kind == ServiceStopped || e.Kind == ServiceFailed { // the reader takes what follows it for the next start's
		l.queue = append(l.queue, l.limiter.due(now, true)...)
	}
	before, counting := l.limiter.next(now)
	admitted, ok := l.limiter.admit(e, now)
	after, _ := l.limiter.next(now)
	switch {
	case ok && len(l.queue) >= room:
		l.lost++
	case ok:
		l.queue = append(l.queue, admitted)
	}
	l.mu.Unlock()
	if ok || !counting || after < before { // else the writer needn't wake: it knows already when the next count is due
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// Close writes what waits and what was counted, and gives up when ctx ends; then the writer goes on by itself until the system's
// log answers.
func (l *Log) Close(ctx context.Context) error {
	if l == nil {
		return nil
	}
	close(l.quit)
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the system's log doesn't take the last events: %w", context.Cause(ctx))
	}
}

func (l *Log) run() {
	defer close(l.done)
	defer l.sink.close()
	w := writer{Log: l}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		batch, next := l.take(false)
		w.write(batch)
		if next > 0 {
			timer.Reset(next)
		}
		select {
		case <-l.wake:
		case <-timer.C:
		case <-l.quit:
			batch, _ := l.take(true)
			w.write(batch)
			return
		}
		timer.Stop()
	}
}

// take empties the queue, and what is due of the counts; next is when more is, 0 where there is nothing.
func (l *Log) take(all bool) (batch []Event, next time.Duration) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	batch = append(l.queue, l.limiter.due(now, all)...)
	if l.lost > 0 {
		batch = append(batch, Event{Kind: EventsLost, Reason: fmt.Sprintf("%d came faster than they were taken", l.lost)})
	}
	l.queue, l.lost = nil, 0
	if left, any := l.limiter.next(now); any {
		next = max(left, time.Millisecond)
	}
	return batch, next
}

// writer is the state of the writer's goroutine.
type writer struct {
	*Log
	said string // the trouble told last
}

func (w *writer) write(batch []Event) {
	for _, e := range batch {
		if e.Clean != nil {
			e.Reason = e.Clean(e.Reason)
		}
		e.Reason += e.more
		err := w.sink.write(w.service, Find(e.Kind), e)
		if err == nil {
			w.said = ""
		} else if text := err.Error(); text != w.said {
			w.said = text
			w.trouble(err)
		}
	}
}
