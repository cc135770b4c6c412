package incident

import (
	"math/rand/v2"
	"testing"
	"time"
)

// However the time line is divided, the portions add up to what the report of the whole says.
func TestPortionsAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{Reason: "start"})
	wanted := map[string]bool{"": true}
	for range 300 {
		program := []string{"api", "worker", ""}[rng.IntN(3)]
		switch rng.IntN(5) {
		case 0:
			if program != "" {
				wanted[program] = rng.IntN(4) > 0
				r.RecordWanted(program, wanted[program], "somebody")
			}
		case 1, 2:
			if wanted[program] {
				r.RecordFall(Fall{Program: program, Kind: Exit, Cause: "exit code 1"})
			}
		default:
			r.RecordRecovery(Recovery{Program: program})
		}
		c.pass(11*time.Second + time.Duration(rng.Int64N(int64(time.Minute)))) // no fall belongs to an incident that was over
	}
	closeRecorder(t, r)
	h := history(t, path, c)
	from, to, whole := h.Extent()
	if !whole || from <= 0 || to <= from {
		t.Fatalf("from %v to %v, whole %v", from, to, whole)
	}
	for _, parts := range []int{1, 2, 10, 97} {
		bounds := []Millis{from}
		for k := 1; k < parts; k++ {
			bounds = append(bounds, from+(to-from)*Millis(k)/Millis(parts))
		}
		portions := h.Portions(append(bounds, to+1))
		if _, there := portions[""]; there {
			t.Error("the service itself has portions: its falls take no program down")
		}
		for _, want := range h.Report(Window{From: from, To: to}) {
			var got Portion
			for _, p := range portions[want.Program] {
				got = got.Plus(p)
			}
			if got.Wanted != want.Wanted || (got.Down-want.Down).Duration().Abs() > time.Duration(parts)*time.Microsecond {
				t.Errorf("%d parts, %s: wanted %v down %v; the report says %v and %v", parts, want.Program, got.Wanted, got.Down, want.Wanted, want.Down)
			}
			if int(got.Incidents) != want.Incidents || int(got.Falls) != want.Falls || int(got.Recovered) != want.Recovered ||
				got.WorstRecovery != want.WorstRecovery || Millis(got.MeanRecovery()) != want.MeanRecovery {
				t.Errorf("%d parts, %s: %+v; the report says %+v", parts, want.Program, got, want)
			}
		}
	}
}

// A part holds what happened in it: an incident across two of them began in the first, had it down in both and stood again in the second.
func TestPortionsOfAnIncidentAcrossABound(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{Reason: "start"})
	r.RecordWanted("api", true, "start")
	c.pass(time.Minute)
	r.RecordFall(Fall{Program: "api", Kind: Exit, Cause: "exit code 1"})
	c.pass(time.Minute)
	r.RecordRecovery(Recovery{Program: "api"})
	c.pass(time.Minute)
	closeRecorder(t, r)
	h := history(t, path, c)
	from, to, _ := h.Extent()
	middle := from + Millis(90*time.Second)
	parts := h.Portions([]Millis{from - Millis(time.Hour), from, middle, to, to + Millis(time.Hour)})["api"]
	want := []Portion{
		{},
		{Wanted: Millis(90 * time.Second), Down: Millis(30 * time.Second), Incidents: 1, Falls: 1},
		{Wanted: Millis(90 * time.Second), Down: Millis(30 * time.Second), Recovered: 1, RecoverySum: Millis(time.Minute), WorstRecovery: Millis(time.Minute)},
		{},
	}
	for k := range want {
		if parts[k] != want[k] {
			t.Errorf("part %d: %+v, want %+v", k, parts[k], want[k])
		}
	}
	if got := parts[1].Percent(); got < 66.6 || got > 66.7 {
		t.Errorf("%v %%", got)
	}
}

// Places and times of the wall clock belong together by the length of time between, also where the clock was set.
func TestWhenAfterTheClockWasSet(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{Reason: "start"})
	r.RecordFall(Fall{Program: "api", Kind: Exit, Cause: "exit code 1"})
	c.pass(time.Hour)
	c.set(-365 * 24 * time.Hour)
	r.RecordRecovery(Recovery{Program: "api"})
	closeRecorder(t, r)
	h := history(t, path, c)
	fell := h.When(h.Incidents[0].From)
	if ago := h.Observed.Sub(fell); ago != time.Hour {
		t.Errorf("it fell %v ago", ago)
	}
	if h.Place(fell) != h.Incidents[0].From {
		t.Errorf("%v is at %v", fell, h.Place(fell))
	}
}

// Whatever a damaged file says, portions can be made of it.
func checkPortions(t *testing.T, h *History) {
	t.Helper()
	_, to, _ := h.Extent()
	for program, parts := range h.Portions([]Millis{1, 2 + to/3, 3 + to/2, 4 + to/2 + to/4}) {
		for _, p := range parts {
			if p.Down > p.Wanted || p.Down < 0 || p.Percent() < 0 || p.Percent() > 100 || p.MeanRecovery() < 0 {
				t.Errorf("%s: %+v", program, p)
			}
		}
	}
}
