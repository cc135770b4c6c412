package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/live"
)

const (
	// linger is how long it is looked on after the last page was left: the next one opens with what is known.
	linger = 20 * time.Second
	// firstLook is how long a page waits for services that nobody has looked at yet. One that hangs is shown as such.
	firstLook = 400 * time.Millisecond
)

// state is what is known at one moment. Nobody changes it.
type state struct {
	machine live.Machine
	cpu     live.Shares
	known   bool          // that the services were listed
	next    chan struct{} // closed when there is another state
}

// watch looks at the machine while somebody wants to know.
type watch struct {
	start func() *live.Watcher

	mu    sync.Mutex
	holds int
	end   context.CancelFunc // nil: nobody looks
	idle  *time.Timer
	state *state
}

func newWatch(start func() *live.Watcher) *watch {
	return &watch{start: start, state: &state{next: make(chan struct{})}}
}

// hold has it look until release is called, and a while beyond.
func (w *watch) hold() (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.holds++
	if w.idle != nil {
		w.idle.Stop()
		w.idle = nil
	}
	if w.end == nil {
		ctx, end := context.WithCancel(context.Background())
		w.end = end
		w.state = &state{next: make(chan struct{})}
		watcher := w.start()
		go watcher.Run(ctx)
		go w.follow(ctx, watcher)
	}
	return sync.OnceFunc(w.release)
}

func (w *watch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holds--; w.holds > 0 || w.idle != nil {
		return
	}
	w.idle = time.AfterFunc(linger, w.rest)
}

// rest ends the looking where nobody wants it any more.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holds == 0 && w.end != nil {
		w.end()
		w.end, w.idle = nil, nil
	}
}

// close ends the looking for good.
func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end != nil {
		w.end()
		w.end = nil
	}
}

func (w *watch) follow(ctx context.Context, watcher *live.Watcher) {
	for {
		machine, ok := watcher.Next(ctx)
		if !ok {
			return
		}
		w.mu.Lock()
		if ctx.Err() == nil {
			before := w.state
			w.state = &state{machine: machine, cpu: before.cpu.Next(machine.Services), known: true, next: make(chan struct{})}
			close(before.next)
		}
		w.mu.Unlock()
	}
}

func (w *watch) now() *state {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// heardFor is how long what a service said may serve others: it is asked each second.
const heardFor = 1500 * time.Millisecond

// heard gives what a service said last, where that was a moment ago.
func (w *watch) heard(service string) (control.Status, bool) {
	services := w.now().machine.Services
	at, there := slices.BinarySearchFunc(services, service, func(s live.Seen, name string) int { return strings.Compare(s.Service, name) })
	if !there || services[at].Err != nil || time.Since(services[at].Heard) > heardFor {
		return control.Status{}, false
	}
	return services[at].Status, true
}

// settled gives what is known once each service has answered, or firstLook is over.
func (w *watch) settled(ctx context.Context) *state {
	defer w.hold()()
	limit := time.NewTimer(firstLook)
	defer limit.Stop()
	for {
		s := w.now()
		if s.answered() {
			return s
		}
		select {
		case <-s.next:
		case <-limit.C:
			return w.now()
		case <-ctx.Done():
			return w.now()
		}
	}
}

// answered says whether of each service there is an answer or an error.
func (s *state) answered() bool {
	if !s.known {
		return false
	}
	for i := range s.machine.Services {
		if seen := &s.machine.Services[i]; seen.Heard.IsZero() && seen.Err == nil {
			return false
		}
	}
	return true
}
