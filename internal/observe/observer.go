package observe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
)

const (
	// askLimit bounds how long a supervisor may take to answer. It answers from memory; one that needs longer is stopped or hangs.
	askLimit = time.Second
	// freshFor is how long an answer serves again: two scrapers that come at once ask the supervisors once.
	freshFor = 500 * time.Millisecond
)

// Seen is what was seen of one service.
type Seen struct {
	Service string
	Status  control.Status // counters go on over new supervisors and keepers, see [Observer.Look]
	Err     error          // why there is no Status; nil: there is one
}

// Observer looks at all services of this machine, those of DARUMA_HOME where it is set. Make one with [New]; its methods may be called from
// any goroutine.
type Observer struct {
	services func() ([]string, error)
	ask      func(ctx context.Context, service string) (control.Status, error)

	mu       sync.Mutex // held during a look: a second looker waits and takes the same
	seen     []Seen
	at       time.Time
	counters map[string]counters // by service
}

// New gives an observer. It opens nothing before the first look.
func New() *Observer { return newObserver(folders.Services, ask) }

func newObserver(services func() ([]string, error), ask func(context.Context, string) (control.Status, error)) *Observer {
	return &Observer{services: services, ask: ask, counters: map[string]counters{}}
}

func ask(ctx context.Context, service string) (control.Status, error) {
	c, err := control.Dial(service)
	if err != nil {
		return control.Status{}, err
	}
	return c.Status(ctx)
}

// Look asks all services at once and gives what was seen of those that let it in, sorted by name. It takes a second at most, however
// many of them hang. Services that came or went since the last look are found or left out.
//
// Counters (restarts, bytes of output) never decrease while the observer lives: where a new supervisor or keeper begins at zero, they go on
// from what was seen last.
func (o *Observer) Look(ctx context.Context) ([]Seen, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen != nil && time.Since(o.at) < freshFor {
		return o.seen, nil
	}
	names, err := o.services()
	if err != nil {
		return nil, err
	}
	seen := o.askAll(ctx, names)
	if ctx.Err() != nil { // the asker went: what it has isn't what the next one is to get
		return nil, context.Cause(ctx)
	}
	o.seen, o.at = o.goOn(seen), time.Now()
	return o.seen, nil
}

func (o *Observer) askAll(ctx context.Context, names []string) []Seen {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	all := make([]Seen, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			status, err := o.ask(ctx, name)
			all[i] = Seen{name, status, err}
		})
	}
	wg.Wait()
	return all
}

// goOn leaves out the services that don't let us in, and has the counters of the others go on.
func (o *Observer) goOn(all []Seen) []Seen {
	seen := make([]Seen, 0, len(all))
	known := make(map[string]counters, len(all))
	for _, s := range all {
		if denied := (*control.PermissionError)(nil); errors.As(s.Err, &denied) {
			continue
		}
		c := o.counters[s.Service]
		if s.Err == nil {
			c = c.goOn(&s.Status)
		}
		known[s.Service] = c
		seen = append(seen, s)
	}
	o.counters = known
	return seen
}
