// Package live looks at all services of this machine for somebody who watches: daruma top in a terminal, the dashboard in a browser. It asks only while
// somebody does.
package live

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

const (
	// askEvery is how often a service is asked of which no event comes: memory and durations change without one.
	askEvery = time.Second
	// askLimit bounds an answer: a little more than what a client waits for a supervisor that is being replaced.
	askLimit = 4 * time.Second
	// seldom is how often it is asked what costs more or changes rarely: which services there are, and the service manager.
	seldom = 3 * time.Second
	// gather joins what comes in bursts: a crash loop makes hundreds of events a second, and nobody reads faster than this.
	gather = 100 * time.Millisecond
	// silent is after how long without an answer that is said.
	silent = 2500 * time.Millisecond
)

// Seen is what is known of one service.
type Seen struct {
	Service string
	Status  control.Status // as it was heard last; without programs where it isn't running
	Heard   time.Time      // when that was; zero: never
	Asked   time.Time      // since when an answer is awaited; zero: there is one
	Err     error          // why the last question had no answer
	System  string         // what the service manager says of a service that isn't running, in words; "": nothing
}

// Machine is everything that is known.
type Machine struct {
	Services []Seen // sorted by name
	Err      error  // why the services couldn't be listed
}

// Watcher looks at services, each in goroutines of its own, so that one that hangs keeps no other from being seen. Make one with [NewWatcher].
type Watcher struct {
	list   func() ([]string, error)
	ask    func(ctx context.Context, service string) (control.Status, error)
	follow func(ctx context.Context, service string, happened chan<- struct{}) // tells of events until ctx ends
	system func(ctx context.Context, service string) string

	news chan struct{} // of capacity 1: there is something new

	mu   sync.Mutex
	seen map[string]Seen
	err  error
}

// NewWatcher gives a watcher of the services that list names, such as [folders.Services]. It does nothing before Run.
func NewWatcher(list func() ([]string, error)) *Watcher {
	return &Watcher{list: list, ask: ask, follow: followEvents, system: systemSays, news: make(chan struct{}, 1), seen: map[string]Seen{}}
}

func ask(ctx context.Context, service string) (control.Status, error) {
	c, err := control.Dial(service)
	if err != nil {
		return control.Status{}, err
	}
	return c.Status(ctx)
}

func systemSays(ctx context.Context, service string) string {
	status, ok := operate.Status(ctx, service)
	if !ok {
		return ""
	}
	state, why := operate.Describe(status)
	return strings.TrimSuffix(state+"; "+why, "; ")
}

// followEvents sends to happened after each event, whichever supervisor is in charge.
func followEvents(ctx context.Context, service string, happened chan<- struct{}) {
	for ctx.Err() == nil {
		if c, err := control.Dial(service); err == nil {
			_ = c.Events(ctx, control.From{Follow: true}, func(control.Event) error {
				tell(happened)
				return nil
			})
		}
		pause(ctx, askEvery) // it isn't running, or its supervisor is being replaced
	}
}

func tell(news chan<- struct{}) {
	select {
	case news <- struct{}{}:
	default: // it is said already
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Run looks until ctx ends. Services that come or go are found.
func (w *Watcher) Run(ctx context.Context) {
	var all sync.WaitGroup
	ends := map[string]context.CancelFunc{}
	for ; ctx.Err() == nil; pause(ctx, seldom) {
		names, err := w.list()
		w.change(func() { w.err = err })
		if err != nil {
			continue
		}
		for name, end := range ends {
			if !slices.Contains(names, name) {
				end()
				delete(ends, name)
			}
		}
		for _, name := range names {
			if ends[name] == nil {
				watched, end := context.WithCancel(ctx)
				ends[name] = end
				all.Go(func() { w.watch(watched, name) })
			}
		}
	}
	for _, end := range ends {
		end()
	}
	all.Wait()
}

// watch asks one service until ctx ends, and forgets it then.
func (w *Watcher) watch(ctx context.Context, name string) {
	happened := make(chan struct{}, 1)
	var events sync.WaitGroup
	events.Go(func() { w.follow(ctx, name, happened) })
	defer events.Wait()
	var asked time.Time // when the service manager was
	for ctx.Err() == nil {
		w.change(func() {
			s := w.seen[name]
			s.Service, s.Asked = name, time.Now()
			w.seen[name] = s
		})
		limited, end := context.WithTimeout(ctx, askLimit)
		st, err := w.ask(limited, name)
		system, known := "", false
		if errors.Is(err, control.ErrNotRunning) && time.Since(asked) > seldom {
			system, known, asked = w.system(limited, name), true, time.Now()
		}
		end()
		if ctx.Err() != nil {
			break
		}
		w.change(func() {
			s := w.seen[name].after(st, err, time.Now())
			if known {
				s.System = system
			}
			w.seen[name] = s
		})
		select {
		case <-ctx.Done():
		case <-time.After(askEvery):
		case <-happened:
			pause(ctx, gather)
		}
	}
	w.change(func() { delete(w.seen, name) })
}

// after takes an answer, or why there is none. What was heard last stays where the programs may run on: a supervisor that hangs or is being
// replaced takes none with it.
func (s Seen) after(st control.Status, err error, now time.Time) Seen {
	var starting *control.StartingError
	switch {
	case err == nil:
		s.Status, s.Heard, s.System = st, now, ""
	case errors.Is(err, control.ErrNotRunning) && !errors.As(err, &starting), isDenied(err):
		s.Status, s.Heard = control.Status{}, time.Time{}
	}
	s.Err, s.Asked = err, time.Time{}
	return s
}

// Silent says whether an answer has been awaited for so long that somebody should know.
func (s Seen) Silent(now time.Time) bool { return !s.Asked.IsZero() && now.Sub(s.Asked) > silent }

// Denied says whether the service lets this user not in.
func (s Seen) Denied() bool { return isDenied(s.Err) }

func isDenied(err error) bool {
	var denied *control.PermissionError
	return errors.As(err, &denied)
}

func (w *Watcher) change(what func()) {
	w.mu.Lock()
	what()
	w.mu.Unlock()
	tell(w.news)
}

// Next waits for something new, gathers what comes in a burst, and gives all that is known; false once ctx has ended. One goroutine at a time calls it.
func (w *Watcher) Next(ctx context.Context) (Machine, bool) {
	select {
	case <-ctx.Done():
		return Machine{}, false
	case <-w.news:
	}
	pause(ctx, gather)
	w.mu.Lock()
	defer w.mu.Unlock()
	m := Machine{Err: w.err, Services: make([]Seen, 0, len(w.seen))}
	for _, s := range w.seen {
		m.Services = append(m.Services, s)
	}
	slices.SortFunc(m.Services, func(a, b Seen) int { return strings.Compare(a.Service, b.Service) })
	return m, true
}
