package observe

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
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
	Status  control.Status   // counters go on over new supervisors and keepers, see [Observer.Look]
	Falls   map[string]Falls // by program, "": the service itself; none where the record couldn't be read yet
	Err     error            // why there is no Status; nil: there is one
}

// client is control.Client, as far as the observer goes.
type client interface {
	Status(ctx context.Context) (control.Status, error)
	Incidents(ctx context.Context) ([]byte, error)
}

// Observer looks at all services of this machine, those of DARUMA_HOME where it is set. Make one with [New]; its methods may be called from
// any goroutine.
type Observer struct {
	services func() ([]string, error)
	dial     func(service string) (client, error)
	failed   func(error)
	onRecord func(seen *Seen, h *incident.History) // nil: nobody is interested
	reader   bool                                  // this is an installed observer, which sees of others' services what they let it

	mu     sync.Mutex // held during a look: a second looker waits and takes the same
	seen   []Seen
	at     time.Time
	store  store
	known  map[string]*service
	heard  Heard // nil: nobody else asks
	unkept bool  // writing the counters failed the last time
}

// New gives an observer that keeps its counters in the folder, where one observer at a time may be; "": in memory alone. failed hears of counters
// that can't be kept, once, and nil when they can be again. Nobody is asked before the first look.
func New(folder string, failed func(error)) *Observer {
	o := newObserver(folder, failed, folders.Services, func(service string) (client, error) { return control.Dial(service) })
	o.reader = os.Getenv(folders.InstalledVariable) != ""
	return o
}

func newObserver(folder string, failed func(error), services func() ([]string, error), dial func(string) (client, error)) *Observer {
	o := &Observer{services: services, dial: dial, failed: failed}
	var err error
	if o.store, o.known, err = openStore(folder); err != nil {
		failed(err)
	}
	return o
}

// OnRecord has each called within a look for every incident record that is read in it: at the first look for all, later where something
// happened; seen has the status that was asked for before. each must not call the observer, nor keep the history, which is large. To be set
// before the first look.
func (o *Observer) OnRecord(each func(seen *Seen, h *incident.History)) { o.onRecord = each }

// Heard gives what somebody else in this process was told by a service a moment ago; false where he wasn't. Nobody changes the status any more.
type Heard func(service string) (control.Status, bool)

// Share has looks take what somebody else hears, instead of asking the supervisors a second time: a page that is open asks them each second.
func (o *Observer) Share(heard Heard) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heard = heard
}

// Look asks all services at once and gives what was seen of those that let it in, sorted by name. It takes a second at most, however
// many of them hang. Services that came or went since the last look are found or left out.
//
// Counters (restarts, probes, processor time, bytes of output, incidents) never decrease: where a new supervisor or keeper begins at zero, they go on
// from what was seen last, also by an observer before this one.
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
	all := o.askAll(ctx, names)
	if ctx.Err() != nil { // the asker went: what it has isn't what the next one is to get
		return nil, context.Cause(ctx)
	}
	seen := o.goOn(all)
	err = o.store.write(o.known)
	if (err != nil) != o.unkept {
		o.unkept = err != nil
		o.failed(err)
	}
	o.seen, o.at = seen, time.Now()
	return o.seen, nil
}

// answer is what one service says.
type answer struct {
	Seen
	record []byte // the incident record, where it may say more than when it was read
}

func (o *Observer) askAll(ctx context.Context, names []string) []answer {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	all := make([]answer, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { all[i] = o.ask(ctx, name) })
	}
	wg.Wait()
	return all
}

// ask reads what is known and changes nothing of it: others are asked meanwhile.
func (o *Observer) ask(ctx context.Context, name string) (a answer) {
	a.Service = name
	var c client
	if c, a.Err = o.dial(name); a.Err != nil {
		return a
	}
	known := o.known[name]
	shared := false
	if a.Status, shared = o.shared(name, known); !shared {
		if a.Status, a.Err = c.Status(ctx); a.Err != nil {
			return a
		}
	}
	if known == nil || known.Falls == nil || known.Falls.due(&a.Status) {
		a.record, _ = c.Incidents(ctx) // without it, what was read last stands
	}
	return a
}

// shared gives what somebody else heard, where that isn't older than what was taken in last: counters that are less than before would be taken for those of
// a new supervisor.
func (o *Observer) shared(name string, known *service) (control.Status, bool) {
	if o.heard == nil {
		return control.Status{}, false
	}
	st, ok := o.heard(name)
	if !ok || known != nil && known.before(&st) {
		return control.Status{}, false
	}
	st.Programs = slices.Clone(st.Programs) // what goes on is written into it, and the other one's is his
	for i := range st.Programs {
		st.Programs[i].Probes = slices.Clone(st.Programs[i].Probes)
	}
	return st, true
}

// goOn leaves out the services that don't let us in, and has the counters of the others go on.
func (o *Observer) goOn(all []answer) []Seen {
	seen := make([]Seen, 0, len(all))
	for i := range all {
		a := &all[i]
		s := o.known[a.Service] // kept also while it is gone or lets us not in: between two supervisors that may be for a moment
		if denied := (*control.PermissionError)(nil); errors.As(a.Err, &denied) {
			continue
		}
		if s == nil && o.reader && errors.Is(a.Err, control.ErrNotRunning) {
			continue // it has never let us in, as far as we know
		}
		if s == nil {
			s = &service{}
			o.known[a.Service] = s
		}
		if a.Err == nil {
			now := time.Now()
			s.goOn(&a.Status)
			if s.Falls == nil {
				s.Falls = &falls{}
			}
			if a.record != nil {
				o.takeRecord(s, a, now)
			}
			a.Falls = s.Falls.at(&a.Status, now)
		}
		seen = append(seen, a.Seen)
	}
	return seen
}

// takeRecord counts what a record says. One that can't be read is asked for again.
func (o *Observer) takeRecord(s *service, a *answer, now time.Time) {
	h, err := incident.ReadFrom(bytes.NewReader(a.record))
	if err != nil {
		return
	}
	s.Falls.take(h, &a.Status, now)
	if o.onRecord != nil {
		o.onRecord(&a.Seen, h)
	}
}
