package systemlog

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	// window is how long a kind of event of a program is only counted after it was written.
	window = 10 * time.Minute
	// crowd is how many programs have a count of their own for one kind, within the window; the others share one. A service of 500
	// programs shall not fill the Application log at every start.
	crowd = 16
)

// limiter turns floods into counts. It looks at no clock.
type limiter struct {
	tallies map[key]*tally
}

type key struct {
	kind    string
	program string // shared: of all that came after the first
}

// shared is no program's name: those have no *.
const shared = "*"

type tally struct {
	written time.Time // by when the last one was
	more    int       // since then, only counted
	latest  Event     // the last of them
	at      time.Time // when that came
}

// admit says whether e is to be written now, with what was counted before; else it is counted.
func (l *limiter) admit(e Event, now time.Time) (Event, bool) {
	if l.tallies == nil {
		l.tallies = map[key]*tally{}
	}
	k := key{e.Kind, e.Program}
	t := l.tallies[k]
	if t == nil && l.crowded(e.Kind, now) {
		k.program = shared
		if t = l.tallies[k]; t == nil {
			t = &tally{written: now}
			l.tallies[k] = t
		}
	}
	if t == nil {
		l.tallies[k] = &tally{written: now}
		return e, true
	}
	t.more++
	t.latest, t.at = e, now
	if now.Sub(t.written) < window {
		return Event{}, false
	}
	return t.report(k, now), true
}

// report empties the tally into one event.
func (t *tally) report(k key, now time.Time) Event {
	e := t.latest
	if n := t.more - 1; n > 0 && k.program == shared {
		e.more = fmt.Sprintf(" (and %d more of this kind, of several programs, since %s)", n, t.written.UTC().Format(time.RFC3339))
	} else if n > 0 {
		e.more = fmt.Sprintf(" (and %d more since %s)", n, t.written.UTC().Format(time.RFC3339))
	}
	t.written, t.more, t.latest = now, 0, Event{}
	return e
}

// crowded tells whether enough programs have a tally of this kind, and forgets those that are over.
func (l *limiter) crowded(kind string, now time.Time) bool {
	n := 0
	for k, t := range l.tallies {
		if k.kind != kind {
			continue
		}
		if t.more == 0 && now.Sub(t.written) >= window {
			delete(l.tallies, k)
			continue
		}
		n++
	}
	return n >= crowd
}

// due gives what was counted for long enough; with all, whatever was counted.
func (l *limiter) due(now time.Time, all bool) []Event {
	var keys []key
	for k, t := range l.tallies {
		if t.more > 0 && (all || now.Sub(t.written) >= window) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { // as the last of each came
		return cmp.Or(l.tallies[a].at.Compare(l.tallies[b].at), cmp.Compare(a.program, b.program), cmp.Compare(a.kind, b.kind))
	})
	list := make([]Event, len(keys))
	for i, k := range keys {
		list[i] = l.tallies[k].report(k, now)
	}
	return list
}

// next is how long nothing will be due, or false where nothing is counted.
func (l *limiter) next(now time.Time) (time.Duration, bool) {
	least, any := time.Duration(0), false
	for _, t := range l.tallies {
		if left := window - now.Sub(t.written); t.more > 0 && (!any || left < least) {
			least, any = left, true
		}
	}
	return max(least, 0), any
}
