package incident

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// retryEvery is how often a failing disk is tried again when nothing happens, and how often
// the lines of a crash loop are written.
const retryEvery = time.Second

// Recorder writes a record. All of its methods may be called from any goroutine; a nil *Recorder does nothing.
type Recorder struct {
	path   string
	o      Options
	anchor moment // where its time line begins

	wake    chan struct{}
	alive   chan struct{} // from NoteAlive
	closing chan struct{}
	done    chan struct{} // closed when its goroutine has ended
	once    sync.Once

	store     store // the goroutine's own, as is compactAt
	compactAt int64

	mu        sync.Mutex
	state     state
	pending   []line
	writing   int  // how many of pending, from the first, are being written at the moment
	urgent    bool // something of pending is to be written at once
	soon      bool // something of pending is to be written within gatherTime
	lost      int  // lines dropped, and not yet recorded as lost
	lostTotal int
	failing   error
	lastWrite time.Time
	noted     time.Time       // when it was last noted, or asked, that the recorder lives
	waiting   []chan struct{} // for Flush: closed when everything recorded before has been written
}

// Health says how the writing goes.
type Health struct {
	Pending int   // lines that are not on the disk yet
	Lost    int   // lines dropped since Open because too many were pending
	Err     error // why the last attempt failed; nil when it succeeded
}

// Open reads the record at path, repairs its end and goes on writing it. Its folder must exist; only one recorder may write a file at a time.
//
// The error is for a file that exists and can't be read (then the recorder is nil, and can be used all the same: it does nothing).
// A disk that can't be written shows in [Recorder.Health].
func Open(path string, o Options) (*Recorder, Found, error) {
	o = o.defaults()
	h, err := read(path, o.clock)
	if err != nil {
		return nil, Found{}, err
	}
	r := &Recorder{path: path, o: o, wake: make(chan struct{}, 1), alive: make(chan struct{}, 1), noted: time.Now(), closing: make(chan struct{}), done: make(chan struct{})}
	r.store = store{path: path, good: h.whole}
	r.compactAt = o.MaxBytes
	r.anchor = moment{T: max(h.last.after(o.clock), timeBegins), At: o.clock.wall(), Boot: o.clock.boot, Mono: Millis(o.clock.mono())}
	r.state = state{service: o.Service, relapse: Millis(o.Relapse), seq: h.highest(), latest: map[string]*Incident{}, wanted: map[string]bool{}, stopped: map[string]Millis{}, emit: r.emit}
	for p, mark := range h.marksAt(h.end) {
		r.state.wanted[p] = mark.Type == lineWanted
		if mark.Type == lineUnwanted && mark.Reason == ServiceStopped {
			r.state.stopped[p] = mark.T
		}
	}
	for _, i := range h.Incidents {
		i.LastOutput = nil // it is in the file
		r.state.latest[i.Program] = &i
	}
	found := Found{Broken: h.Broken, Torn: h.torn}
	if len(h.boots) > 0 {
		found.Gone = (r.anchor.T - h.last.T).Duration()
	}
	found.Down, found.Booted = r.begin(h)
	for p, wanted := range r.state.wanted {
		if wanted {
			found.Wanted = append(found.Wanted, p)
		}
	}
	slices.Sort(found.Wanted)
	found.Open = r.OpenIncidents()
	go r.run()
	return r, found, nil
}

// begin records that a recorder was opened, and what that means for the programs. It gives what had brought them down, and whether
// the system was started since.
func (r *Recorder) begin(h *History) (down Kind, booted bool) {
	l, n := &r.state, r.now()
	boot := l.line(n, lineBoot)
	boot.Boot, boot.Mono, boot.Start, boot.Reason = r.o.clock.boot, Millis(r.o.clock.mono()), r.o.Start, clip(r.o.Reason)
	if last := h.last; len(h.boots) > 0 && last.Boot != boot.Boot {
		boot.Machine = max(n.t-boot.Mono, last.T) // not before what the last boot knew: the wall clock may not have been set
	}
	r.emit(boot)
	l.recovered(n, Recovery{}) // a predecessor died between its two lines
	if r.o.Outage != nil && r.o.Start == ServiceStarted {
		defer func() { l.outage(n, *r.o.Outage) }() // after the falls that the record knows of
	}
	if len(h.boots) == 0 {
		return "", false
	}
	if r.o.Start == Upgraded {
		return "", false
	}
	if r.o.Start == SupervisorReplaced {
		l.fell(n, Fall{Kind: Supervisor, Cause: r.o.Reason, Ago: r.o.Absent})
		l.acted(n, Action{What: "the keeper started a new supervisor; the programs ran on"})
		l.recovered(n, Recovery{})
		return "", false
	}
	fall := Fall{Kind: Keeper, Cause: "daruma's keeper ended, and the programs with it", Ago: time.Duration(n.t - h.last.T)}
	if h.last.Boot != r.o.clock.boot {
		fall.Kind, fall.Cause, booted = Machine, "the machine went down", true
	}
	for _, p := range sorted(l.wanted) {
		if i := l.latest[p]; l.wanted[p] && (i == nil || !i.down() || i.Outcome != GaveUp && i.Kind != Service) {
			down = fall.Kind // else it was down for good before, or the service had ended by itself
		}
		if i := l.latest[p]; l.wanted[p] && (i == nil || !i.down()) {
			fall.Program = p
			l.fell(n, fall)
		}
	}
	return down, booted
}

// now is the present on the record's time line.
func (r *Recorder) now() now {
	return now{t: later(r.anchor.T, Millis(r.o.clock.mono())-r.anchor.Mono), at: r.o.clock.wall()}
}

// record gives f the state and wakes the goroutine that writes.
func (r *Recorder) record(f func(*state, now)) {
	if r == nil {
		return
	}
	r.mu.Lock()
	f(&r.state, r.now())
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// RecordFall records a fall and gives the incident's ID.
func (r *Recorder) RecordFall(f Fall) (id string) {
	r.record(func(l *state, n now) { id = l.fell(n, f) })
	return id
}

// RecordAction records what was done about a program's fall; without an open incident it does nothing.
func (r *Recorder) RecordAction(a Action) { r.record(func(l *state, n now) { l.acted(n, a) }) }

// RecordRecovery records that a program is up again; without an open incident it does nothing.
func (r *Recorder) RecordRecovery(v Recovery) { r.record(func(l *state, n now) { l.recovered(n, v) }) }

// CloseIncident records another end of a program's incident: GaveUp, Stopped or Superseded. After GaveUp the program
// counts as down until RecordRecovery, or until it isn't wanted any more. After Superseded it isn't wanted.
func (r *Recorder) CloseIncident(program string, o Outcome, reason string) {
	r.record(func(l *state, n now) { l.ended(n, program, o, reason) })
}

// RecordWanted records whether a program is to run from now on; "" stands for all. What isn't wanted isn't down: an open incident ends as Stopped.
func (r *Recorder) RecordWanted(program string, wanted bool, reason string) {
	r.record(func(l *state, n now) { l.want(n, program, wanted, reason) })
}

// RecordOutage records that the service was to run and its programs didn't. Each is wanted and down from the outage's beginning until
// its recovery, whichever recorder records that.
func (r *Recorder) RecordOutage(o Outage) { r.record(func(l *state, n now) { l.outage(n, o) }) }

// OpenIncidents gives the incidents because of which a program is down, by program.
func (r *Recorder) OpenIncidents() []Incident {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var open []Incident
	for _, p := range sorted(r.state.latest) {
		if i := r.state.latest[p]; i.down() {
			open = append(open, *i)
		}
	}
	return open
}

// Health says how the writing goes.
func (r *Recorder) Health() Health {
	if r == nil {
		return Health{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return Health{Pending: len(r.pending), Lost: r.lostTotal, Err: r.failing}
}

// Flush waits until all that was recorded so far is on the disk, or ctx is done.
func (r *Recorder) Flush(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	if len(r.pending) == 0 && r.lost == 0 {
		r.mu.Unlock()
		return nil
	}
	written := make(chan struct{})
	r.waiting, r.urgent = append(r.waiting, written), true
	r.mu.Unlock()
	r.record(func(*state, now) {})
	select {
	case <-written:
		return nil
	case <-r.done:
	case <-ctx.Done():
	}
	h := r.Health()
	if h.Pending == 0 {
		return nil
	}
	if h.Err == nil {
		h.Err = ctx.Err()
	}
	return fmt.Errorf("%d lines are not in %s: %w", h.Pending, r.path, h.Err)
}

// Close writes what is pending and ends the recorder. It gives up when ctx is done.
func (r *Recorder) Close(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.once.Do(func() { close(r.closing) })
	select {
	case <-r.done:
	case <-ctx.Done():
	}
	return r.Flush(ctx)
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
