package history

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
)

// hands move a clock.
type hands struct {
	boot string
	mono time.Duration
	wall time.Time
}

func newHands() *hands {
	return &hands{boot: "b1", mono: 100 * time.Hour, wall: time.Date(2026, 11, 28, 10, 30, 0, 0, time.UTC)}
}

func (h *hands) pass(d time.Duration) { h.mono, h.wall = h.mono+d, h.wall.Add(d) }

func (h *hands) clock() clock {
	return clock{boot: h.boot, mono: func() time.Duration { return h.mono }, wall: func() time.Time { return h.wall }}
}

// opened opens a folder, of which everything can be read and written.
func opened(t *testing.T, folder string, c *hands) *History {
	t.Helper()
	return open(folder, func(err error) { t.Errorf("failed: %v", err) }, c.clock())
}

// minute lets a minute go by, looks and keeps what is seen.
func minute(t *testing.T, h *History, c *hands, seen ...observe.Seen) {
	t.Helper()
	c.pass(time.Minute)
	if err := h.files.append(h.takeSeen(seen)); err != nil {
		t.Fatal(err)
	}
}

// using is a service with one program, which has used that much.
func using(service, program string, cpu float64, memory int64) observe.Seen {
	return observe.Seen{Service: service, Status: control.Status{Programs: []control.ProgramStatus{
		{Name: program, Wanted: true, PID: 7, CPUSeconds: cpu, MemoryBytes: memory}}}}
}

func silent(service string) observe.Seen {
	return observe.Seen{Service: service, Err: errors.New("no answer")}
}

// book is a service's record: its time line begins at 1 ms when the book is begun. It is written in the form that package incident documents.
type book struct {
	c     *hands
	begun time.Duration
	seq   int
	lines []string
	last  int // the number of the last incident
}

func newBook(c *hands) *book {
	b := &book{c: c, begun: c.mono - time.Millisecond}
	b.line("boot", `"boot":"b0","monoMs":1`)
	return b
}

func (b *book) t() int64 { return (b.c.mono - b.begun).Milliseconds() }

func (b *book) line(kind, rest string) {
	b.seq++
	b.lines = append(b.lines, fmt.Sprintf(`{"seq":%d,"t":%d,"at":%q,"type":%q,%s}`, b.seq, b.t(), b.c.wall.Format(time.RFC3339Nano), kind, rest))
}

func (b *book) wanted(program string, wanted bool) {
	kind := "unwanted"
	if wanted {
		kind = "wanted"
	}
	b.line(kind, fmt.Sprintf(`"program":%q`, program))
}

// falls has a program fall, stay down for a time and stand again.
func (b *book) falls(program string, down time.Duration) {
	from := b.t()
	b.goesDown(program)
	b.c.pass(down)
	b.line("recovered", fmt.Sprintf(`"incident":{"id":"%d","program":%q,"kind":"exit","cause":"exit code 1","action":"restarted at once","falls":1,"restarts":1,`+
		`"recovered":%q,"recoveredAfterMs":%d,"downMs":%d,"outcome":"recovered","fromT":%d,"untilT":%d}`,
		b.last, program, b.c.wall.Format(time.RFC3339Nano), down.Milliseconds(), down.Milliseconds(), from, b.t()))
}

// goesDown has a program fall, and stay down.
func (b *book) goesDown(program string) {
	b.last++
	b.line("begin", fmt.Sprintf(`"incident":{"id":"%d","program":%q,"kind":"exit","cause":"exit code 1","falls":1,"downMs":0,"outcome":"open","fromT":%d,"downSinceT":%d}`,
		b.last, program, b.t(), b.t()))
}

// compact forgets all that was before now.
func (b *book) compact(wanted ...string) {
	at := b.c.wall.Format(time.RFC3339Nano)
	b.lines = []string{fmt.Sprintf(`{"seq":0,"t":%d,"at":%q,"type":"cut","upTo":%d}`, b.t(), at, b.seq)}
	for _, program := range wanted {
		b.lines = append(b.lines, fmt.Sprintf(`{"seq":0,"t":%d,"at":%q,"type":"wanted","program":%q}`, b.t(), at, program))
	}
}

// read gives the record as it is at this moment.
func (b *book) read(t testing.TB) *incident.History {
	t.Helper()
	end := fmt.Sprintf(`{"seq":%d,"t":%d,"at":%q,"type":"lost"}`, b.seq+1, b.t(), b.c.wall.Format(time.RFC3339Nano))
	h, err := incident.ReadFrom(strings.NewReader(strings.Join(b.lines, "\n") + "\n" + end + "\n"))
	if err != nil || h.Broken > 0 {
		t.Fatalf("%v, %d lines are broken:\n%s", err, h.Broken, strings.Join(b.lines, "\n"))
	}
	return h
}

// over gives what is known of shop/api over so many days.
func over(t *testing.T, h *History, days int) incident.Portion {
	t.Helper()
	for _, a := range h.Availability() {
		for k, span := range Spans() {
			if a.Service == "shop" && a.Program == "api" && span == days {
				return a.Over[k]
			}
		}
	}
	t.Fatalf("nothing is known of shop/api over %d days", days)
	return incident.Portion{}
}
