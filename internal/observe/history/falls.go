package history

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

const (
	// maxFalls bounds how many incidents of a service are remembered, the latest; a record has some 500.
	maxFalls = 1000
	maxWords = 300 // bytes of each text of an incident
)

// Fall is one incident as a timeline shows it. The rest stands in the service's record, under its ID.
type Fall struct {
	Service  string
	Program  string // "": the service itself, of which no program was down
	ID       string // unique within the service
	Kind     incident.Kind
	Outcome  incident.Outcome
	Cause    string // of the first fall, in words
	Action   string // what was done about it and by whom, in words; "": nothing yet
	Ended    string // why it ended where it didn't recover, in words
	Count    int    // of falls: more than one in a crash loop
	Restarts int

	From, Until time.Time     // by the wall clock as it is now; where it is down still, Until is when its service answered last
	Down        time.Duration // of it; less than the whole where it stood in between
	Open        bool          // it is down still
}

// fall is a Fall as it is remembered. Texts are shared: 100,000 incidents have a few hundred causes.
type fall struct {
	program, id, cause, action, ended string
	kind                              incident.Kind
	outcome                           incident.Outcome
	count, restarts                   int32
	from, until                       time.Duration // by the monotonic clock, also of before the boot; until: recorded for one that is down
	down                              time.Duration
	open                              bool
}

// takeFalls takes over the incidents of a record, whose end is now.
func (s *service) takeFalls(record *incident.History, now time.Duration, end incident.Millis) {
	place := func(t incident.Millis) time.Duration { return now - (end - t).Duration() }
	begins, _, _ := record.Extent()
	s.begins = place(begins)
	clear(s.down)
	shared := map[string]string{}
	list := record.Incidents[max(0, len(record.Incidents)-maxFalls):]
	s.falls = make([]fall, 0, len(list))
	for k := range list {
		i := &list[k]
		if len(i.ID) > maxName || len(i.Program) > maxName {
			continue
		}
		f := fall{program: share(shared, i.Program), id: strings.Clone(i.ID), cause: share(shared, i.Cause), action: share(shared, i.Action), ended: share(shared, i.EndReason),
			kind: incident.Kind(share(shared, string(i.Kind))), outcome: incident.Outcome(share(shared, string(i.Outcome))),
			count: count(i.Falls), restarts: count(i.Restarts), from: place(i.From), until: place(i.Until), down: record.DownFor(*i)}
		if f.open = i.DownSince > 0; f.open {
			f.until = now
			s.down[f.program] = true
		}
		s.falls = append(s.falls, f)
	}
	slices.SortStableFunc(s.falls, func(a, b fall) int { return cmp.Compare(a.from, b.from) })
}

// share gives a bounded text that equal ones share, and that doesn't hold the record in memory.
func share(texts map[string]string, s string) string {
	if len(s) > maxWords {
		s = strings.ToValidUTF8(s[:maxWords], "") + "…"
	}
	if one, there := texts[s]; there {
		return one
	}
	s = strings.Clone(s)
	texts[s] = s
	return s
}

func count(n int) int32 { return int32(min(max(n, 0), 1<<30)) }

// Falls calls each with the incidents of all services that lie between from and to, service by service, those of one by their beginning, until it
// gives false. Each must not call h.
func (h *History) Falls(from, to time.Time, each func(*Fall) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, wall := h.clock.mono(), h.clock.wall().Round(0)
	begin, end := now-wall.Sub(from), now-wall.Sub(to)
	for _, service := range h.names() {
		s := h.services[service]
		for k := range s.falls {
			f := &s.falls[k]
			until, down := f.until, f.down
			if f.open { // nobody has heard that it stands
				until = max(s.answered, f.until)
				down += until - f.until
			}
			if f.from > end {
				break
			}
			if until < begin {
				continue
			}
			shown := Fall{Service: service, Program: f.program, ID: f.id, Kind: f.kind, Outcome: f.outcome, Cause: f.cause, Action: f.action, Ended: f.ended,
				Count: int(f.count), Restarts: int(f.restarts), From: wall.Add(f.from - now), Until: wall.Add(until - now), Down: down, Open: f.open}
			if !each(&shown) {
				return
			}
		}
	}
}

// names gives the services that were seen, sorted.
func (h *History) names() []string {
	var names []string
	for service, s := range h.services {
		if s.seen {
			names = append(names, service)
		}
	}
	slices.Sort(names)
	return names
}
