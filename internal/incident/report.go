package incident

import (
	"slices"
	"time"
)

// Window is a part of the record's time line.
type Window struct {
	From, To Millis    // on the record's time line
	Since    time.Time // wall clock of From: later than asked for where the record begins later
	Boot     bool      // since the machine's boot: totals of compacted incidents belong to it
	Started  bool      // with Boot: From is daruma's first start in this boot, for nothing is known of what was before it
}

// Availability is what a window says about one program.
type Availability struct {
	Program       string  `json:"program"`
	Wanted        Millis  `json:"wantedMs"` // time in which it was to run
	Down          Millis  `json:"downMs"`
	Percent       float64 `json:"availabilityPercent"` // 0 … 100; 100 where it was never wanted
	Incidents     int     `json:"incidents"`
	Falls         int     `json:"falls"`
	Recovered     int     `json:"recovered"`       // incidents after which it stood again
	MeanRecovery  Millis  `json:"meanRecoveryMs"`  // until it stood again; 0 without any
	WorstRecovery Millis  `json:"worstRecoveryMs"` // likewise
	LastCause     string  `json:"lastCause,omitempty"`
}

// Last gives the window of the last d up to what is observed.
func (h *History) Last(d time.Duration) Window { return h.since(h.end - Millis(max(d, 0))) }

// SinceBoot gives the window since the machine was booted, or since the record begins where that is later.
func (h *History) SinceBoot() Window {
	boot := h.machineBoot()
	return Window{From: max(boot.T, 1), To: h.end, Since: boot.At, Boot: true, Started: h.firstStart().Machine == 0}
}

func (h *History) since(from Millis) Window {
	if from <= h.cut || from > h.end {
		from = h.cut
	}
	return Window{From: max(from, 1), To: h.end, Since: h.Observed.Add(-(h.end - from).Duration())}
}

// machineBoot gives the moment of the machine's latest boot, or of the record's first line where that is later; zero in a record
// without any.
func (h *History) machineBoot() moment {
	boot := h.firstStart()
	m := moment{T: boot.T, At: boot.At, Boot: boot.Boot, Mono: boot.Mono}
	if boot.Machine > 0 && boot.Machine < boot.T {
		ago := boot.T - boot.Machine
		m.T, m.At, m.Mono = boot.Machine, boot.At.Add(-ago.Duration()), later(0, boot.Mono-ago)
	}
	return m
}

// firstStart gives the line of the first recorder that was opened since the machine's latest boot; a zero line in a record without one.
func (h *History) firstStart() line {
	var boot line
	for _, b := range h.boots {
		if boot.T == 0 || b.Boot != boot.Boot {
			boot = b
		}
	}
	return boot
}

// Report gives the availability of each program in the window, by name.
func (h *History) Report(w Window) []Availability {
	var report []Availability
	for _, p := range h.programs() {
		t := h.sum(p, w, func(int) bool { return true })
		if w.Boot && h.totalsBoot == h.machineBoot().Boot {
			t = t.plus(h.totals[p])
		}
		t.Down = min(t.Down, t.Wanted) // a mark may have been lost
		a := Availability{Program: p, Wanted: t.Wanted, Down: t.Down, Percent: 100, Incidents: t.Incidents, Falls: t.Falls,
			Recovered: t.Recovered, WorstRecovery: t.Worst, LastCause: h.lastCause(p, w)}
		if t.Wanted > 0 {
			a.Percent = 100 * (1 - float64(t.Down)/float64(t.Wanted))
		}
		if t.Recovered > 0 {
			a.MeanRecovery = min(t.RecoverSum/Millis(t.Recovered), t.Worst) // a damaged file may say more
		}
		report = append(report, a)
	}
	return report
}

// programs gives the names of all programs that are known, sorted.
func (h *History) programs() []string {
	names := sorted(h.totals)
	for _, i := range h.Incidents {
		names = append(names, i.Program)
	}
	for _, m := range h.marks {
		names = append(names, m.Program)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(s string) bool { return s == "" }) // the service's own falls take no program down
}

// sum adds up what is known of a program in a window, of the incidents (by index) that count.
func (h *History) sum(program string, w Window, counts func(int) bool) totals {
	t := totals{Wanted: h.wantedTime(program, max(w.From, h.cut), w.To)}
	for k := range h.Incidents {
		i := &h.Incidents[k]
		if i.Program != program || !counts(k) {
			continue
		}
		end, down := i.Until, i.Down
		if i.down() {
			end = max(h.end, i.DownSince)
			down = add(down, end-i.DownSince)
		}
		if end < w.From || i.From > w.To {
			continue
		}
		one := totals{Incidents: 1, Falls: max(i.Falls, 1), Down: share(down, i.From, end, w)}
		if i.Recovered != nil && !i.down() {
			one.Recovered, one.RecoverSum, one.Worst = 1, max(i.RecoveredAfter, 0), max(i.RecoveredAfter, 0)
		}
		t = t.plus(one)
	}
	return t
}

// share gives how much of the time down between from and to lies in the window; in a crash loop, it is taken to be spread evenly.
func share(down, from, to Millis, w Window) Millis {
	span, inside := to-from, min(to, w.To)-max(from, w.From)
	if span <= 0 || inside <= 0 {
		return 0
	}
	down = min(down, span)
	if inside >= span {
		return down
	}
	return min(fromFloat(float64(down)*float64(inside)/float64(span)), inside)
}

// wantedTime gives how long a program was wanted between from and to.
func (h *History) wantedTime(program string, from, to Millis) Millis {
	var total, since Millis
	wanted := false
	upTo := func(t Millis) {
		if a, b := max(since, from), min(t, to); wanted && b > a {
			total = add(total, b-a)
		}
	}
	for _, m := range h.marks {
		if m.Program == program {
			upTo(m.T)
			since, wanted = max(m.T, since), m.Type == lineWanted
		}
	}
	upTo(to)
	return total
}

func (h *History) lastCause(program string, w Window) string {
	for k := len(h.Incidents) - 1; k >= 0; k-- {
		i := &h.Incidents[k]
		if i.Program == program && i.From <= w.To && (i.down() || i.Until >= w.From) {
			if i.LastCause != "" {
				return i.LastCause
			}
			return i.Cause
		}
	}
	return ""
}

func (t totals) plus(o totals) totals {
	return totals{Wanted: add(t.Wanted, o.Wanted), Down: add(t.Down, o.Down), Incidents: t.Incidents + o.Incidents, Falls: t.Falls + o.Falls,
		Recovered: t.Recovered + o.Recovered, RecoverSum: add(t.RecoverSum, o.RecoverSum), Worst: max(t.Worst, o.Worst)}
}

// add adds two times that are not negative, and stops at the largest; a damaged file may hold anything.
func add(a, b Millis) Millis {
	a, b = max(a, 0), max(b, 0)
	if a+b < 0 {
		return 1<<63 - 1
	}
	return a + b
}

// In gives the incidents that touch the window, oldest first.
func (h *History) In(w Window) []Incident {
	var in []Incident
	for _, i := range h.Incidents {
		if i.From <= w.To && (i.down() || i.Until >= w.From) {
			in = append(in, i)
		}
	}
	return in
}

// DownFor gives how long the incident has had its program down up to what is observed.
func (h *History) DownFor(i Incident) time.Duration {
	if i.down() {
		return add(i.Down, h.end-i.DownSince).Duration()
	}
	return i.Down.Duration()
}
