package history

import (
	"maps"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

const (
	// Days is over how many days of the calendar availability is known, today included.
	Days      = 90
	hourParts = 25 // the last 24 whole hours, and the one that runs
)

// part is what is known of a service in one hour or day.
type part struct {
	UpTo    incident.Millis             `json:"upTo"`              // place on the record's time line up to which it was reckoned
	Began   time.Time                   `json:"began"`             // where the record of that reckoning began
	Partial bool                        `json:"partial,omitempty"` // it holds what the record no longer does
	Of      map[string]incident.Portion `json:"programs"`          // by program; where there is nothing to say, none

	tail map[string]incident.Portion // of a partial one: from UpTo on
}

// of gives all that is known of a program.
func (p *part) of(program string) (portion incident.Portion, there bool) {
	portion, there = p.Of[program]
	if tail, more := p.tail[program]; more {
		return portion.Plus(tail), true
	}
	return portion, there
}

// reckon brings the parts of a service up to what its record says. starts are when they begin by the wall clock, rising; key names each in parts. It gives
// the starts of those that changed.
//
// As far back as the record goes, a part is what the record says: what is recorded late, such as the end of a machine, finds its day. Of a part that
// the record has forgotten the beginning of, what was known stays, and what is new is added.
func reckon[K comparable](h *incident.History, parts map[K]*part, starts []time.Time, key func(time.Time) K) (changed []time.Time) {
	from, to, whole := h.Extent()
	bounds := make([]incident.Millis, 0, len(starts)+1)
	for _, s := range starts {
		place := h.Place(s)
		if n := len(bounds); n > 0 && place <= bounds[n-1] {
			place = bounds[n-1] + 1
		}
		bounds = append(bounds, place)
	}
	bounds = append(bounds, max(to, bounds[len(bounds)-1])+1)
	said := h.Portions(bounds)
	for k, start := range starts {
		if bounds[k+1] <= from {
			continue // nothing of it is in the record
		}
		p, known := parts[key(start)]
		if !known {
			p = &part{}
			parts[key(start)] = p
		}
		goesBack := bounds[k] >= from || whole && (!known || p.Began.Equal(h.Since))
		news := false
		if goesBack && !p.Partial {
			news = p.replace(said, k)
			p.UpTo = min(to+1, bounds[k+1])
		} else {
			if whole && !p.Began.IsZero() && !p.Began.Equal(h.Since) {
				p.UpTo = 0 // it is another record, which was begun since, and may be longer than the old one was
			}
			news = p.goOn(h, max(from, bounds[k]), bounds[k+1])
		}
		p.Began = h.Since
		if news {
			changed = append(changed, start)
		}
	}
	prune(parts, starts, key)
	return changed
}

// prune forgets parts that are long over, and those of a clock that was wrong.
func prune[K comparable](parts map[K]*part, starts []time.Time, key func(time.Time) K) {
	if len(parts) <= 2*len(starts) {
		return
	}
	current := make(map[K]bool, len(starts))
	for _, s := range starts {
		current[key(s)] = true
	}
	maps.DeleteFunc(parts, func(k K, _ *part) bool { return !current[k] })
}

// replace takes the k-th portion of each program, and tells whether that is news: places on the time line differ by some microseconds from one reading
// to the next.
func (p *part) replace(said map[string][]incident.Portion, k int) (news bool) {
	old := p.Of
	p.Of = make(map[string]incident.Portion, len(old))
	for program, portions := range said {
		p.put(program, portions[k])
	}
	if maps.EqualFunc(old, p.Of, alike) {
		p.Of = old // what is compared next time is what is on disk
		return false
	}
	return true
}

func alike(a, b incident.Portion) bool {
	near := func(a, b incident.Millis) bool { return (a - b).Duration().Abs() < time.Second }
	return near(a.Wanted, b.Wanted) && near(a.Down, b.Down) && a.Incidents == b.Incidents && a.Falls == b.Falls && a.Recovered == b.Recovered
}

func (p *part) put(program string, portion incident.Portion) {
	if portion == (incident.Portion{}) {
		return
	}
	if p.Of == nil {
		p.Of = map[string]incident.Portion{}
	}
	if _, there := p.Of[program]; (there || len(p.Of) < MaxPrograms) && len(program) <= maxName {
		p.Of[program] = portion
	}
}

// late is how long after it happened something may be recorded: an event comes a moment before its line.
const late = incident.Millis(time.Minute)

// goOn adds what the record says from where the last reckoning ended. What may not be recorded yet is reckoned anew the next time.
func (p *part) goOn(h *incident.History, from, to incident.Millis) (news bool) {
	p.Partial = true
	_, end, _ := h.Extent()
	if p.UpTo > end+1 {
		p.UpTo = 0 // the record was begun anew since, and has forgotten its beginning by now
	}
	from = max(from, p.UpTo)
	if until := min(end-late, to); until > from {
		for program, portions := range h.Portions([]incident.Millis{from, until}) {
			news = news || portions[0] != incident.Portion{}
			p.put(program, p.Of[program].Plus(portions[0]))
		}
		from, p.UpTo = until, until
	}
	p.tail = map[string]incident.Portion{}
	if from < to {
		for program, portions := range h.Portions([]incident.Millis{from, to}) {
			if portions[0] != (incident.Portion{}) && len(p.tail) < MaxPrograms {
				p.tail[program] = portions[0]
			}
		}
	}
	return news
}

// lastDays gives when the last [Days] days begin, the oldest first.
func lastDays(now time.Time) []time.Time {
	y, m, d := now.Date()
	starts := make([]time.Time, Days)
	for k := range starts {
		starts[k] = midnight(y, m, d-(Days-1)+k, now.Location())
	}
	return starts
}

// midnight gives when a day begins: where the clock is put forward at 0:00, as in Chile and Cuba, that is 1:00, for which time.Date gives 23:00 of
// the day before.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	start, noon := time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d, 12, 0, 0, 0, zone)
	if start.Day() != noon.Day() {
		return start.Add(time.Hour)
	}
	return start
}

// lastHours gives when the last [hourParts] hours begin, the oldest first.
func lastHours(now time.Time) []time.Time {
	this := now.Truncate(time.Hour)
	starts := make([]time.Time, hourParts)
	for k := range starts {
		starts[k] = this.Add(time.Duration(k-hourParts+1) * time.Hour)
	}
	return starts
}

// date names a day: 2026-11-28.
func date(t time.Time) string { return t.Format(time.DateOnly) }

func hour(t time.Time) int64 { return t.Unix() / 3600 }
