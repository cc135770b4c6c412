package notice

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// How long things take until they are told.
const (
	Hold       = 10 * time.Second // a fall, not being ready, a stop: most are over by then
	Settle     = 12 * time.Second // standing: longer than incident.Options.Relapse, in which a further fall belongs to the same incident
	LoopFalls  = 3                // falls of one incident that are told without waiting
	BriefEvery = time.Hour        // brief falls of one program
	GoneAfter  = time.Minute      // nobody answers for the service: a restart of all of it may take that long
)

// Bounds on what a service makes the observer remember: a supervisor that somebody else wrote may say anything.
const (
	maxOpen       = 1000 // incidents of a service that aren't told to their end, and likewise conditions and brief incidents
	maxTogether   = 100  // items of one notice; more are counted
	maxName       = 256  // bytes of a program's name
	maxText       = 1000 // bytes of a text; daruma's own incidents have no longer ones
	maxOutput     = 10   // lines of a program's last output
	maxOutputLine = 500  // bytes
)

// State is what is remembered of one service. It belongs to one goroutine. It is stored as JSON; what isn't exported is found out again.
type State struct {
	Service string    `json:"service"`
	Seen    bool      `json:"seen,omitempty"`    // the incident record was read once: what was over by then isn't told
	High    uint64    `json:"high,omitempty"`    // the highest number of an incident so far
	Latest  time.Time `json:"latest,omitzero"`   // when the latest of them was detected: numbers begin anew where somebody removed the record
	Life    time.Time `json:"life,omitzero"`     // when the keeper began whose events are counted by Event
	Event   uint64    `json:"event,omitempty"`   // the last event that was taken in
	Answers bool      `json:"answers,omitempty"` // the service answered when it was asked last

	Open       map[string]*Open      `json:"open,omitempty"`       // incidents that aren't told to their end, by their number
	Conditions map[string]*Condition `json:"conditions,omitempty"` // by their key
	Brief      map[string]*Gathered  `json:"brief,omitempty"`      // by program

	ready []Notice // due at once
}

// Open is an incident that isn't told to its end.
type Open struct {
	Told Kind `json:"told,omitempty"` // what was told last: "", Fell or GaveUp

	incident incident.Incident
	since    time.Time // when this process first saw it as it is now
	first    time.Time // when it first saw it
}

// Gathered are brief incidents of a program that are told together.
type Gathered struct {
	Told time.Time `json:"told"` // when a message was last sent
	Item *Item     `json:"item,omitempty"`
}

// NewState gives the state of a service that was never seen.
func NewState(service string) *State { return &State{Service: service} }

// Loaded makes a stored state ready for use.
func (s *State) Loaded(now time.Time) {
	for _, o := range s.Open {
		o.since, o.first = now, now
	}
	for _, c := range s.Conditions {
		c.seen = now
	}
}

// TakeIncidents takes in all of the incident record.
func (s *State) TakeIncidents(list []incident.Incident, now time.Time) {
	if s.Open == nil {
		s.Open = map[string]*Open{}
	}
	there := make(map[string]bool, len(s.Open))
	high, latest := s.High, s.Latest
	for k := range list {
		i := &list[k]
		number, err := strconv.ParseUint(i.ID, 10, 64)
		if err != nil {
			continue // not of a record that this daruma knows
		}
		id := strconv.FormatUint(number, 10) // without zeros in front, of which there may be any number
		over := i.DownSince == 0
		fresh := number > s.High || i.Detected.After(s.Latest)
		if !s.Seen {
			fresh = !over
		}
		o := s.Open[id]
		if o == nil && fresh && len(s.Open) < maxOpen {
			o = &Open{since: now, first: now}
			s.Open[id] = o
		}
		high = max(high, number)
		if i.Detected.After(latest) {
			latest = i.Detected
		}
		if o == nil {
			continue
		}
		there[id] = true
		if over != (o.incident.DownSince == 0) || i.Falls != o.incident.Falls {
			o.since = now
		}
		o.incident = *i
	}
	s.Seen, s.High, s.Latest = true, high, latest
	maps.DeleteFunc(s.Open, func(id string, _ *Open) bool { return !there[id] })
}

// Due gives what is to be told now, and remembers that it was.
func (s *State) Due(now time.Time) []Notice {
	found := append(s.ready, s.conditionsDue(now)...)
	s.ready = nil
	ids := slices.SortedFunc(maps.Keys(s.Open), byNumber)
	for _, id := range ids {
		n, ended := s.incidentDue(s.Open[id], now)
		if n != nil {
			found = append(found, *n)
		}
		if ended {
			delete(s.Open, id)
		}
	}
	found = append(found, s.briefDue(now)...)
	return join(found)
}

func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// Next gives when [State.Due] may have something, if nothing is taken in before; zero: never.
func (s *State) Next() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for _, o := range s.Open {
		switch {
		case o.incident.ID == "": // not read yet in this life
		case o.incident.DownSince == 0:
			sooner(o.since.Add(Settle))
		case o.Told == "":
			sooner(o.first.Add(Hold))
		}
	}
	for _, c := range s.Conditions {
		if !c.Told {
			sooner(c.seen.Add(c.hold()))
		}
	}
	for _, b := range s.Brief {
		sooner(b.Told.Add(BriefEvery))
	}
	return next
}

// passed tells whether d has passed since, by the monotonic clock, the process saw it, or by the wall clock since it happened. The wall
// clock is asked for what happened while nobody looked; set back, it doesn't hold anything up.
func passed(now, seen, happened time.Time, d time.Duration) bool {
	return now.Sub(seen) >= d || now.Round(0).Sub(happened) >= d
}

// join makes notices of the same kind, which are due at the same moment, one.
func join(found []Notice) []Notice {
	var joined []Notice
	for _, n := range found {
		k := slices.IndexFunc(joined, func(o Notice) bool { return o.Kind == n.Kind && o.Over == n.Over })
		if k < 0 {
			joined = append(joined, n)
			continue
		}
		if len(joined[k].Items) < maxTogether {
			joined[k].Items = append(joined[k].Items, n.Items...)
			joined[k].ID = fmt.Sprintf("%s+%d", n.ID, len(joined[k].Items)-1)
		} else {
			joined[k].More += len(n.Items)
		}
	}
	return joined
}

// about gives a notice of one item.
func (s *State) about(kind Kind, over bool, item Item) *Notice {
	id := item.Key + "/" + string(kind)
	if over {
		id += "/over"
	}
	return &Notice{ID: id, Kind: kind, Over: over, Service: s.Service, At: item.At, Items: []Item{item}}
}
