package history

import (
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// Spans gives over how many days availability is told. 1 is the last 24 whole hours and the one that runs; the others are days of the calendar, today
// included.
func Spans() [4]int { return [4]int{1, 7, 30, 90} }

// Availability is what is known of one program over each of [Spans].
type Availability struct {
	Service, Program string
	Over             [4]incident.Portion
	Since            [4]time.Time // from when something is known in each: its beginning or later; zero: nothing is known
}

// Day is what is known of one day.
type Day struct {
	Begin time.Time // midnight
	Known bool      // else nothing is
	incident.Portion
}

// Availability gives all programs of the services that were seen at the last look, sorted by service, the programs as in the definition. It reads no
// incident.
func (h *History) Availability() []Availability {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.view()
	var all []Availability
	for _, of := range h.names() {
		s := h.services[of]
		days, hours := v.parts(s)
		for _, program := range s.programs {
			all = append(all, v.availability(name{of, program}, s, days, hours))
		}
	}
	return all
}

// Days gives the last [Days] days of a program, the oldest first.
func (h *History) Days(of, program string) []Day {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.view()
	list := make([]Day, Days)
	s := h.services[of]
	for k, start := range v.days {
		list[k].Begin = start
		if s == nil {
			continue
		}
		until := v.wall
		if k+1 < len(v.days) {
			until = v.days[k+1]
		}
		if p := s.days[date(start)]; p != nil {
			list[k].Portion, _ = p.of(program)
			list[k].Known = true
		}
		live := v.live(s, program, start, until)
		list[k].Portion, list[k].Known = list[k].Portion.Plus(live), list[k].Known || live.Wanted > 0
	}
	return list
}

// view is the moment at which something is asked for.
type view struct {
	now         time.Duration
	wall        time.Time
	days, hours []time.Time
}

func (h *History) view() *view {
	wall := h.clock.wall()
	return &view{now: h.clock.mono(), wall: wall.Round(0), days: lastDays(wall), hours: lastHours(wall)}
}

// parts gives those of the view's days and hours, nil where nothing is known of one.
func (v *view) parts(s *service) (days, hours []*part) {
	days, hours = make([]*part, len(v.days)), make([]*part, len(v.hours))
	for k, start := range v.days {
		days[k] = s.days[date(start)]
	}
	for k, start := range v.hours {
		hours[k] = s.hours[hour(start)]
	}
	return days, hours
}

func (v *view) availability(of name, s *service, days, hours []*part) Availability {
	a := Availability{Service: of.service, Program: of.program}
	for k, span := range Spans() {
		parts, starts := days[Days-min(span, Days):], v.days[Days-min(span, Days):]
		if span == 1 {
			parts, starts = hours, v.hours
		}
		for i, p := range parts {
			if p == nil {
				continue
			}
			if portion, there := p.of(of.program); there {
				a.Over[k] = a.Over[k].Plus(portion)
				if a.Since[k].IsZero() {
					a.Since[k] = starts[i]
				}
			}
		}
		a.Over[k] = a.Over[k].Plus(v.live(s, of.program, starts[0], v.wall))
		if a.Since[k].IsZero() && a.Over[k].Wanted > 0 {
			a.Since[k] = v.wall.Add(s.recorded - v.now)
		}
	}
	return a
}

// live gives what went by since the record was reckoned: nothing happened, or it would have been read again.
func (v *view) live(s *service, program string, from, to time.Time) incident.Portion {
	begin := max(s.recorded, v.now-v.wall.Sub(from))
	end := min(s.answered, v.now-v.wall.Sub(to))
	if !s.wanted[program] || end <= begin {
		return incident.Portion{}
	}
	p := incident.Portion{Wanted: incident.Millis(end - begin)}
	if s.down[program] {
		p.Down = p.Wanted
	}
	return p
}
