package history

import (
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// Forgotten calls each with the days between from and to of which the record holds not all incidents any more, and on which there were some: service by
// service, those of a program by their date, until it gives false. A day that the record has forgotten the beginning of is among them; what it
// still holds of it [History.Falls] gives, too. Each must not call h.
func (h *History) Forgotten(from, to time.Time, each func(service, program string, day Day) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.view()
	for _, of := range h.names() {
		s := h.services[of]
		begins := v.wall.Add(s.begins - v.now)
		for _, start := range v.days {
			p := s.days[date(start)]
			if p == nil || !start.Before(begins) || start.After(to) || !start.AddDate(0, 0, 1).After(from) {
				continue
			}
			for _, program := range p.programs() {
				if portion, _ := p.of(program); portion.Incidents > 0 && (p.Partial || !start.AddDate(0, 0, 1).After(begins)) {
					if !each(of, program, Day{Begin: start, Known: true, Portion: portion}) {
						return
					}
				}
			}
		}
	}
}

// programs gives those that something is known of, sorted.
func (p *part) programs() []string {
	list := make([]string, 0, len(p.Of))
	for _, of := range []map[string]incident.Portion{p.Of, p.tail} {
		for program := range of {
			list = append(list, program)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
