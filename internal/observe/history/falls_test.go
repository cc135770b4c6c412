package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
)

func fallsIn(h *History, from, to time.Time) []Fall {
	var list []Fall
	h.Falls(from, to, func(f *Fall) bool { list = append(list, *f); return true })
	return list
}

// Incidents lie where they happened by the clock as it is now, and those of a window are those that touch it.
func TestFallsOfAWindow(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	begin := c.wall
	for range 5 { // down at 50, 110 … minutes, ten each
		c.pass(50 * time.Minute)
		b.falls("api", 10*time.Minute)
	}
	c.pass(time.Hour)
	h := opened(t, "", c)
	h.TakeRecord(shop(), b.read(t))
	all := fallsIn(h, begin, c.wall)
	if len(all) != 5 {
		t.Fatalf("%d incidents", len(all))
	}
	for k, f := range all {
		from := begin.Add(time.Duration(k)*time.Hour + 50*time.Minute)
		if !f.From.Equal(from) || !f.Until.Equal(from.Add(10*time.Minute)) || f.Down != 10*time.Minute || f.Open ||
			f.Service != "shop" || f.Program != "api" || f.Kind != incident.Exit || f.Outcome != incident.Recovered || f.Action != "restarted at once" || f.Count != 1 {
			t.Errorf("%+v", f)
		}
	}
	if some := fallsIn(h, begin.Add(115*time.Minute), begin.Add(175*time.Minute)); len(some) != 2 || some[0].ID != "2" || some[1].ID != "3" {
		t.Errorf("%+v", some)
	}
	c.wall = c.wall.AddDate(-1, 0, 0)
	for k, f := range fallsIn(h, begin.AddDate(-1, 0, 0), c.wall) {
		if want := all[k].From.AddDate(-1, 0, 0); !f.From.Equal(want) {
			t.Errorf("after the clock was set: %v, want %v", f.From, want)
		}
	}
	h.takeSeen(nil)
	if gone := fallsIn(h, begin.AddDate(-9, 0, 0), c.wall); len(gone) != 0 {
		t.Errorf("of a service that isn't seen any more: %+v", gone)
	}
}

// What is down grows as long as its service answers.
func TestFallThatIsOpen(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	begin := c.wall
	b.goesDown("api")
	c.pass(time.Minute)
	h := opened(t, "", c)
	h.TakeRecord(shop(), b.read(t))
	c.pass(time.Minute)
	h.takeSeen([]observe.Seen{*shop()})
	c.pass(time.Hour)
	h.takeSeen([]observe.Seen{silent("shop")})
	f := fallsIn(h, begin, c.wall)
	if len(f) != 1 || !f[0].Open || f[0].Down != 2*time.Minute || !f[0].Until.Equal(begin.Add(2*time.Minute)) {
		t.Errorf("%+v", f)
	}
}

// A record of a hostile supervisor takes no more memory than another one.
func TestFallsOfAHostileRecord(t *testing.T) {
	var text strings.Builder
	for k := range 3 * maxFalls {
		long := strings.Repeat("é", k)
		fmt.Fprintf(&text, `{"seq":%d,"t":%d,"at":"2026-11-28T10:00:00Z","type":"begin","incident":{"id":"%d","program":%q,"kind":%q,"cause":%q,"outcome":%q,"falls":-4,"fromT":%d,"downSinceT":%d}}`+"\n",
			k+1, k+1, k, long[:min(len(long), 4+k/2*2)], long, long, long, 1+k%7, 1+k%7)
	}
	record, err := incident.ReadFrom(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	c := newHands()
	h := opened(t, "", c)
	h.TakeRecord(&observe.Seen{Service: strings.Repeat("x", 4096)}, record)
	if len(h.services) > 0 {
		t.Error("a service with a name of 4 KiB is remembered")
	}
	h.TakeRecord(shop(), record)
	s := h.services["shop"]
	if len(s.falls) > maxFalls {
		t.Errorf("%d incidents", len(s.falls))
	}
	for _, f := range s.falls {
		if len(f.cause) > maxWords+3 || len(f.kind) > maxWords+3 || len(f.program) > maxName || f.count < 0 || strings.ToValidUTF8(f.cause, "") != f.cause {
			t.Fatalf("%+v", f)
		}
	}
	for k := 1; k < len(s.falls); k++ {
		if s.falls[k].from < s.falls[k-1].from {
			t.Fatal("not in the order of their beginning")
		}
	}
}
