package past

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
	"github.com/daruma-sh/daruma/internal/observe/history"
)

// record is that of a service with five programs, 500 incidents over the last 80 days.
func record(b *testing.B) *incident.History {
	b.Helper()
	const long, each = 80 * 24 * time.Hour, 80 * 24 * time.Hour / 500
	begin := time.Now().Add(-long)
	var text strings.Builder
	seq := 0
	line := func(at time.Duration, kind, rest string) {
		seq++
		fmt.Fprintf(&text, `{"seq":%d,"t":%d,"at":%q,"type":%q%s}`+"\n", seq, at.Milliseconds()+1, begin.Add(at).Format(time.RFC3339Nano), kind, rest)
	}
	line(0, "boot", `,"boot":"b","monoMs":1`)
	for p := range 5 {
		line(0, "wanted", fmt.Sprintf(`,"program":"p%d"`, p))
	}
	for n := range 500 {
		at := time.Duration(n) * each
		line(at, "recovered", fmt.Sprintf(`,"incident":{"id":"%d","program":"p%d","kind":"exit","cause":"exit code %d","action":"restarted at once","falls":1,"restarts":1,`+
			`"recovered":%q,"recoveredAfterMs":1500,"downMs":1500,"outcome":"recovered","fromT":%d,"untilT":%d}`, n, n%5, n%7, begin.Add(at).Format(time.RFC3339Nano),
			at.Milliseconds()+1, at.Milliseconds()+1501))
	}
	line(long, "lost", "")
	h, err := incident.ReadFrom(strings.NewReader(text.String()))
	if err != nil || len(h.Incidents) != 500 {
		b.Fatal(err, len(h.Incidents))
	}
	return h
}

// The pages of a machine with 200 services, 1,000 programs and 100,000 incidents.
func BenchmarkPagesOf100000Incidents(b *testing.B) {
	h := history.Open("", func(err error) { b.Error(err) })
	var all []observe.Seen
	one := record(b)
	for k := range 200 {
		s := observe.Seen{Service: fmt.Sprintf("service-%03d", k)}
		for p := range 5 {
			s.Status.Programs = append(s.Status.Programs, control.ProgramStatus{Name: fmt.Sprintf("p%d", p), Wanted: true, PID: 1, MemoryBytes: 1 << 20})
		}
		h.TakeRecord(&s, one)
		all = append(all, s)
	}
	p := New(h, func(context.Context) ([]observe.Seen, error) { return all, nil })
	for _, page := range p.Machine() {
		for _, query := range []string{"last=24h", "last=90d"} {
			b.Run(page.Path+"?"+query, func(b *testing.B) {
				n := 0
				for b.Loop() {
					text, err := page.Body(b.Context(), view("", query))
					if err != nil {
						b.Fatal(err)
					}
					n = len(text)
				}
				b.ReportMetric(float64(n)/(1<<10), "KiB")
			})
		}
	}
}
