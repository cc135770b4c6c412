package incident

import (
	"slices"
	"time"
)

// Portion is what the record says of one program in a part of the time line. Portions of parts that don't overlap can be added: an incident is
// counted where it began, its recovery where it stood again, and its time down where it was down.
type Portion struct {
	Wanted        Millis `json:"wantedMs,omitempty"` // time in which it was to run
	Down          Millis `json:"downMs,omitempty"`   // of it
	Incidents     int32  `json:"incidents,omitempty"`
	Falls         int32  `json:"falls,omitempty"` // of the incidents that began in it
	Recovered     int32  `json:"recovered,omitempty"`
	RecoverySum   Millis `json:"recoverySumMs,omitempty"` // over Recovered
	WorstRecovery Millis `json:"worstRecoveryMs,omitempty"`
}

// Plus adds two portions.
func (p Portion) Plus(o Portion) Portion {
	return Portion{Wanted: add(p.Wanted, o.Wanted), Down: add(p.Down, o.Down), Incidents: plus32(p.Incidents, o.Incidents), Falls: plus32(p.Falls, o.Falls),
		Recovered: plus32(p.Recovered, o.Recovered), RecoverySum: add(p.RecoverySum, o.RecoverySum), WorstRecovery: max(p.WorstRecovery, o.WorstRecovery)}
}

// Percent gives the availability, 0 … 100; 100 where it was never wanted.
func (p Portion) Percent() float64 {
	if p.Wanted <= 0 {
		return 100
	}
	return 100 * (1 - float64(min(p.Down, p.Wanted))/float64(p.Wanted))
}

// MeanRecovery gives how long it took until it stood again, on average; 0 without a recovery.
func (p Portion) MeanRecovery() time.Duration {
	if p.Recovered <= 0 {
		return 0
	}
	return min(p.RecoverySum/Millis(p.Recovered), p.WorstRecovery).Duration()
}

// plus32 adds two counts that are not negative, and stops at the largest; a damaged file may hold anything.
func plus32(a, b int32) int32 {
	a, b = max(a, 0), max(b, 0)
	if a+b < 0 {
		return 1<<31 - 1
	}
	return a + b
}

// Extent gives where the record begins and up to when it is known, on its time line. whole tells that nothing was ever dropped before
// that beginning.
func (h *History) Extent() (from, to Millis, whole bool) { return h.cut, h.end, h.upTo == 0 }

// When gives a place on the time line as the wall clock shows it now: from the length of time between the two, whatever the clock
// showed then.
func (h *History) When(t Millis) time.Time { return h.Observed.Add(-(h.end - t).Duration()) }

// Place gives the place on the time line of a time of the wall clock as it shows now; it may lie before the record's beginning, and be negative.
func (h *History) Place(at time.Time) Millis { return h.end - Millis(h.Observed.Sub(at)) }

// Portions divides the time line at the bounds, which must rise, and gives for each program what each part between two of them says. A
// part begins with its first bound and ends before its second. One pass over the record does for all parts.
func (h *History) Portions(bounds []Millis) map[string][]Portion {
	if len(bounds) < 2 {
		return nil
	}
	d := divided{bounds: bounds, of: map[string][]Portion{}}
	for _, p := range h.programs() {
		d.of[p] = make([]Portion, len(bounds)-1)
	}
	h.divideWanted(&d)
	for k := range h.Incidents {
		if i := &h.Incidents[k]; i.Program != "" {
			h.divide(&d, i)
		}
	}
	for _, parts := range d.of {
		for k := range parts {
			parts[k].Down = min(parts[k].Down, parts[k].Wanted) // a mark may have been lost
		}
	}
	return d.of
}

// divided is a time line that is being divided.
type divided struct {
	bounds []Millis
	of     map[string][]Portion
}

// at gives the part that t lies in, or -1.
func (d *divided) at(t Millis) int {
	k, found := slices.BinarySearch(d.bounds, t)
	if !found {
		k--
	}
	if k >= len(d.bounds)-1 {
		return -1
	}
	return k
}

// each calls with every part that from … to touches, and how much of it lies in there.
func (d *divided) each(from, to Millis, part func(k int, inside Millis)) {
	from = max(from, d.bounds[0])
	for k := d.at(from); k >= 0 && k < len(d.bounds)-1 && d.bounds[k] < to; k++ {
		if inside := min(to, d.bounds[k+1]) - max(from, d.bounds[k]); inside > 0 {
			part(k, inside)
		}
	}
}

func (h *History) divideWanted(d *divided) {
	since := map[string]Millis{} // those that are wanted
	ends := func(program string, t Millis) {
		if from, wanted := since[program]; wanted {
			parts := d.of[program]
			d.each(max(from, h.cut), min(t, h.end), func(k int, inside Millis) { parts[k].Wanted = add(parts[k].Wanted, inside) })
		}
	}
	for _, m := range h.marks {
		ends(m.Program, m.T)
		delete(since, m.Program)
		if m.Type == lineWanted {
			since[m.Program] = m.T
		}
	}
	for program := range since {
		ends(program, h.end)
	}
}

func (h *History) divide(d *divided, i *Incident) {
	parts := d.of[i.Program]
	if k := d.at(i.From); k >= 0 {
		parts[k] = parts[k].Plus(Portion{Incidents: 1, Falls: max(int32(min(i.Falls, 1<<30)), 1)})
	}
	end, down := i.Until, i.Down
	if i.down() {
		end = max(h.end, i.DownSince)
		down = add(down, end-i.DownSince)
	} else if k := d.at(i.Until); k >= 0 && i.Recovered != nil {
		took := max(i.RecoveredAfter, 0)
		parts[k] = parts[k].Plus(Portion{Recovered: 1, RecoverySum: took, WorstRecovery: took})
	}
	d.each(i.From, end, func(k int, _ Millis) {
		w := Window{From: d.bounds[k], To: d.bounds[k+1]}
		parts[k].Down = add(parts[k].Down, share(down, i.From, end, w))
	})
}
