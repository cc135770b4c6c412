package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/history"
)

const (
	// width is that of a row's drawing, in units that the browser stretches to its own width.
	width = 1000
	// narrowest is how narrow a bar may be, in these units; closer tells what lies so close together that it is one bar.
	narrowest, closer = 6, 2
	// widest is from which width on a bar of several isn't made wider: thousands close together are a row of bars, each with its own link.
	widest = 16
	// MaxRows is how many programs a timeline shows: those that were down longest.
	MaxRows = 200
	// maxBars is how many bars it has in all: some 250 bytes each.
	maxBars = 3000
)

// Rows are the programs that fell in a span, with their bars.
type Rows struct {
	Span Span
	Rows []Row // by name
	More int   // programs that fell, too, and aren't shown
}

// Row is one program's line.
type Row struct {
	Service, Program string
	Incidents        int
	Down             time.Duration
	Bars             []Bar
}

// Bar is one incident, or some that lie too close together to be told apart.
type Bar struct {
	history.Fall     // the one incident, or the first
	Incidents    int // how many there are; more than one are drawn as one
	Down         time.Duration
	Forgotten    bool // it is a day of which only sums are known
	x, wide      int
}

// Collect makes the rows of what falls and forgotten give, which are as history.Falls and history.Forgotten give it.
func Collect(s Span, falls func(func(*history.Fall) bool), forgotten func(func(service, program string, day history.Day) bool)) Rows {
	rows := map[[2]string]*Row{}
	last := &Row{}
	row := func(service, program string) *Row {
		if last.Service == service && last.Program == program && len(rows) > 0 {
			return last
		}
		if last = rows[[2]string{service, program}]; last == nil {
			last = &Row{Service: service, Program: program}
			rows[[2]string{service, program}] = last
		}
		return last
	}
	forgotten(func(service, program string, day history.Day) bool {
		f := history.Fall{Service: service, Program: program, From: day.Begin, Until: day.Begin.AddDate(0, 0, 1)}
		row(service, program).add(s, Bar{Fall: f, Incidents: int(day.Incidents), Down: day.Down.Duration(), Forgotten: true})
		return true
	})
	falls(func(f *history.Fall) bool {
		row(f.Service, f.Program).add(s, Bar{Fall: *f, Incidents: 1, Down: f.Down})
		return true
	})
	all := Rows{Span: s}
	for _, r := range rows {
		all.Rows = append(all.Rows, *r)
	}
	slices.SortFunc(all.Rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Program, b.Program))
	})
	all.limit()
	all.coarsen()
	return all
}

// coarsen makes bars one that lie less close together, until there are not too many.
func (r *Rows) coarsen() {
	for stretch := narrowest + closer; stretch < width; stretch *= 2 {
		bars := 0
		for k := range r.Rows {
			bars += len(r.Rows[k].Bars)
		}
		if bars <= maxBars {
			return
		}
		for k := range r.Rows {
			r.Rows[k].coarsen(stretch)
		}
	}
}

// coarsen makes those one that begin in the same stretch of this length.
func (r *Row) coarsen(stretch int) {
	bars := r.Bars[:min(1, len(r.Bars))]
	for k := 1; k < len(r.Bars); k++ {
		if l, b := &bars[len(bars)-1], &r.Bars[k]; l.Forgotten == b.Forgotten && b.x/stretch == l.x/stretch {
			l.merge(b)
			continue
		}
		bars = append(bars, r.Bars[k])
	}
	r.Bars = bars
}

// limit leaves out those that were down least.
func (r *Rows) limit() {
	if len(r.Rows) <= MaxRows {
		return
	}
	downs := make([]time.Duration, len(r.Rows))
	for k := range r.Rows {
		downs[k] = r.Rows[k].Down
	}
	slices.Sort(downs)
	least := downs[len(downs)-MaxRows]
	ties := MaxRows
	for _, d := range downs {
		if d > least {
			ties--
		}
	}
	r.More = len(r.Rows) - MaxRows
	r.Rows = slices.DeleteFunc(r.Rows, func(one Row) bool {
		if one.Down == least {
			ties--
			return ties < 0
		}
		return one.Down < least
	})
}

// add puts a bar behind the others, or makes it one with the last.
func (r *Row) add(s Span, b Bar) {
	b.x = min(max(s.at(b.From), 0), width-narrowest)
	b.wide = max(min(s.at(b.Until), width)-b.x, narrowest)
	r.Incidents += b.Incidents
	r.Down += b.Down
	if n := len(r.Bars); n > 0 {
		l := &r.Bars[n-1]
		end, until := l.x+l.wide, b.x+b.wide
		if l.Forgotten == b.Forgotten && !b.Forgotten && (until <= end || b.x < end+closer && (until-l.x <= widest || b.x < end && l.wide < widest)) {
			l.merge(&b)
			return
		}
		if b.x = max(b.x, end); b.x >= width { // there is no room behind a bar at the edge
			l.merge(&b)
			return
		}
		b.wide = max(min(until, width)-b.x, 1)
	}
	r.Bars = append(r.Bars, b)
}

func (k *Bar) merge(b *Bar) {
	k.Incidents += b.Incidents
	k.Down += b.Down
	k.wide = max(k.x+k.wide, b.x+b.wide) - k.x
	k.Open = k.Open || b.Open
	if b.Until.After(k.Until) {
		k.Until = b.Until
	}
}

// at gives the place of a moment in the drawing, which may lie outside of it.
func (s Span) at(t time.Time) int {
	if s.length() <= 0 {
		return 0
	}
	share := float64(t.Sub(s.From)) / float64(s.length())
	return int(min(max(share, -1), 2) * width)
}
