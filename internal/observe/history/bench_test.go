package history

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe"
)

// large remembers 1,000 programs of 200 services with a full record each, 500 incidents: 100,000. Samples are of a whole day.
func large(b *testing.B, folder string) (*History, *hands) {
	b.Helper()
	c := newHands()
	h := open(folder, func(err error) { b.Fatal(err) }, c.clock())
	records := make([]*book, 200)
	for k := range records {
		records[k] = newBook(c)
		for p := range 5 {
			records[k].wanted(fmt.Sprintf("p%d", p), true)
		}
	}
	c.pass(50 * dayLong)
	for n := range 500 { // over 40 days
		c.pass(40 * dayLong / 500)
		for k := range records {
			records[k].falls(fmt.Sprintf("p%d", n%5), time.Millisecond)
		}
	}
	var seen []observe.Seen
	for k, r := range records {
		s := observe.Seen{Service: fmt.Sprintf("service-%03d", k)}
		for p := range 5 {
			s.Status.Programs = append(s.Status.Programs, control.ProgramStatus{Name: fmt.Sprintf("p%d", p), Wanted: true, PID: 1, CPUSeconds: 1, MemoryBytes: 1 << 20})
		}
		seen = append(seen, s)
		h.TakeRecord(&s, r.read(b))
		records[k] = nil
	}
	for range Minutes {
		c.pass(time.Minute)
		if err := h.files.append(h.takeSeen(seen)); err != nil {
			b.Fatal(err)
		}
	}
	if err := h.writeDays(); err != nil {
		b.Fatal(err)
	}
	return h, c
}

// What the first page shows of 1,000 programs with 100,000 incidents over 90 days.
func BenchmarkAvailabilityOf1000Programs(b *testing.B) {
	h, _ := large(b, "")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for b.Loop() {
		if len(h.Availability()) != 1000 {
			b.Fatal("not all are there")
		}
	}
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-heap")
}

// What a timeline over 90 days goes through.
func BenchmarkFallsOf100000Incidents(b *testing.B) {
	h, c := large(b, "")
	for b.Loop() {
		n := 0
		h.Falls(c.wall.Add(-Days*dayLong), c.wall, func(*Fall) bool { n++; return true })
		if n != 100_000 {
			b.Fatal(n)
		}
	}
}

// What an observer reads before it can show anything of the past.
func BenchmarkOpenOf1000Programs(b *testing.B) {
	folder := b.TempDir()
	_, c := large(b, folder)
	for b.Loop() {
		open(folder, func(err error) { b.Fatal(err) }, c.clock())
	}
}

// What one minute costs.
func BenchmarkSampleOf1000Programs(b *testing.B) {
	h, c := large(b, b.TempDir())
	var seen []observe.Seen
	for k := range 200 {
		s := observe.Seen{Service: fmt.Sprintf("service-%03d", k)}
		for p := range 5 {
			s.Status.Programs = append(s.Status.Programs, control.ProgramStatus{Name: fmt.Sprintf("p%d", p), Wanted: true, PID: 1, CPUSeconds: 1, MemoryBytes: 1 << 20})
		}
		seen = append(seen, s)
	}
	for b.Loop() {
		c.pass(time.Minute)
		if err := h.files.append(h.takeSeen(seen)); err != nil {
			b.Fatal(err)
		}
	}
}
