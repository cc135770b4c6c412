package timeline

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/history"
)

// Thousands of incidents are some hundred bars at most, none over another, none outside, none too narrow, and none is lost.
func TestThousandsOfIncidents(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 10, 1000, 20_000} {
		falls := make([]history.Fall, n)
		at := 26 * time.Hour
		for k := range falls {
			at -= time.Duration(rng.Int64N(2 * int64(26*time.Hour) / int64(n)))
			falls[k] = fell("api", strconv.Itoa(k), max(at, 0), time.Duration(rng.Int64N(int64(time.Minute))))
		}
		r := collected(lastDay(), falls)
		if len(r.Rows) != 1 {
			t.Fatalf("%d rows", len(r.Rows))
		}
		bars := r.Rows[0].Bars
		if len(bars) > width/(narrowest+closer)+1 || n >= 1000 && len(bars) < width/widest/2 {
			t.Errorf("%d incidents are %d bars", n, len(bars))
		}
		sum := 0
		for k, b := range bars {
			sum += b.Incidents
			if b.x < 0 || b.wide < 1 || b.x+b.wide > width {
				t.Errorf("bar %d from %d, %d wide", k, b.x, b.wide)
			}
			if k > 0 && b.x < bars[k-1].x+bars[k-1].wide {
				t.Errorf("bar %d at %d lies over the one before, which ends at %d", k, b.x, bars[k-1].x+bars[k-1].wide)
			}
		}
		if sum != n || r.Rows[0].Incidents != n {
			t.Errorf("of %d incidents %d are shown", n, sum)
		}
		if text := Draw(r, links(), English()); len(text) > 100_000 {
			t.Errorf("%d incidents are drawn in %d bytes", n, len(text))
		}
	}
}

// Of too many programs those that were down longest are shown.
func TestTooManyPrograms(t *testing.T) {
	var falls []history.Fall
	for k := range 3 * MaxRows {
		falls = append(falls, fell(fmt.Sprintf("p%03d", k), "1", time.Hour, time.Duration(k/2)*time.Second))
	}
	r := collected(lastDay(), falls)
	if len(r.Rows) != MaxRows || r.More != 2*MaxRows {
		t.Fatalf("%d rows and %d more", len(r.Rows), r.More)
	}
	for _, row := range r.Rows {
		if k, _ := strconv.Atoi(row.Program[1:]); k < 2*MaxRows-1 {
			t.Errorf("%s is shown", row.Program)
		}
	}
	if text := Draw(r, links(), English()); !strings.Contains(text, "400 programs more fell") {
		t.Error("the others aren't told")
	}
	for k := range falls {
		falls[k].Down = time.Second
	}
	if r := collected(lastDay(), falls); len(r.Rows) != MaxRows || r.More != 2*MaxRows {
		t.Errorf("down equally long: %d rows and %d more", len(r.Rows), r.More)
	}
}

// Many programs with many incidents each: the drawing is bounded as a whole, and counts all.
func TestManyProgramsWithManyIncidents(t *testing.T) {
	var falls []history.Fall
	for k := range MaxRows * 100 {
		falls = append(falls, fell(fmt.Sprintf("p%03d", k/100), strconv.Itoa(k), 24*time.Hour-time.Duration(k%100)*14*time.Minute, time.Second))
	}
	r := collected(lastDay(), falls)
	bars, incidents := 0, 0
	for _, row := range r.Rows {
		bars += len(row.Bars)
		for k, b := range row.Bars {
			if incidents += b.Incidents; k > 0 && b.x < row.Bars[k-1].x+row.Bars[k-1].wide {
				t.Fatalf("a bar at %d lies over the one before", b.x)
			}
		}
	}
	if bars > maxBars || bars < 2*MaxRows || incidents != len(falls) {
		t.Errorf("%d bars of %d incidents", bars, incidents)
	}
}

// A bar of one incident leads to its record; one of several to what they are, closer.
func TestWhereBarsLead(t *testing.T) {
	text := Draw(collected(lastDay(), []history.Fall{fell("api", "a b", 20*time.Hour, time.Second), fell("api", "8", time.Hour, time.Second), fell("api", "9", time.Hour-time.Second, time.Second)}), links(), English())
	if !strings.Contains(text, `href="/services/shop/incident?id=a+b"`) {
		t.Errorf("the record isn't linked:\n%s", text)
	}
	if !strings.Contains(text, `href="/falls?from=2026-11-28T10%3A59%3A59Z&amp;service=shop&amp;to=2026-11-28T11%3A00%3A03Z"`) {
		t.Errorf("the span isn't linked:\n%s", text)
	}
}

func TestParseSpan(t *testing.T) {
	now := noon()
	for query, want := range map[string]Span{
		"":        {now.Add(-24 * time.Hour), now},
		"last=7d": {now.Add(-7 * 24 * time.Hour), now},
		"from=2026-11-28T10:00:00Z&to=2026-11-28T11:00:00Z":           {now.Add(-2 * time.Hour), now.Add(-time.Hour)},
		"from=2026-11-28T18:00:00%2B08:00&to=2026-11-28T11:00:00Z":    {now.Add(-2 * time.Hour), now.Add(-time.Hour)},
		"from=2026-11-28T11:00:00Z&to=2026-11-28T10:00:00Z":           {now.Add(-2*time.Hour - time.Minute), now.Add(-2 * time.Hour)},
		"from=2026-11-28T11:00:00Z&to=2026-11-28T13:00:00Z":           {now.Add(-2 * time.Hour), now},
		"from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z":           {now.Add(-longest), now},
		"from=0001-01-01T00:00:00Z&to=0001-01-01T00:00:00Z&last=junk": {now.Add(-longest - time.Minute), now.Add(-longest)},
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseSpan(q, now)
		if err != nil || !got.From.Equal(want.From) || !got.To.Equal(want.To) {
			t.Errorf("%s: %v, %v; want %v", query, got, err, want)
		}
		if again, err := ParseSpan(got.Query(), now); err != nil || !again.From.Equal(got.From) || !again.To.Equal(got.To) {
			t.Errorf("%s again: %v, %v", query, again, err)
		}
	}
	for _, query := range []string{"last=2d", "from=2026-11-28T10:00:00Z", "from=x&to=y", "to=" + strings.Repeat("9", 9999)} {
		q, _ := url.ParseQuery(query)
		if _, err := ParseSpan(q, now); err == nil || len(err.Error()) > 200 {
			t.Errorf("%.40s: %v", query, err)
		}
	}
}

// Whatever one clicks on, one stays within what can be known.
func TestZoom(t *testing.T) {
	now, rng := noon(), rand.New(rand.NewPCG(1, 1))
	s := lastDay()
	for range 1000 {
		was := s
		switch rng.IntN(4) {
		case 0:
			if s = s.Closer(now); s.length() > max(was.length()/2, shortest) {
				t.Fatalf("closer: %v of %v", s, was)
			}
		case 1:
			if s = s.Wider(now); s.length() < was.length() {
				t.Fatalf("wider: %v of %v", s, was)
			}
		case 2:
			s = s.Earlier(now)
		case 3:
			s = s.Later(now)
		}
		if s.To.After(now) || s.From.Before(now.Add(-longest-shortest)) || s.length() < shortest || s.length() > longest {
			t.Fatalf("%v, which is %v, from %v", s, s.length(), was)
		}
	}
}

func TestSpanInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0ms", 999 * time.Millisecond: "999ms", 2550 * time.Millisecond: "2.5s", 59999 * time.Millisecond: "59s", time.Minute: "1m",
		3599 * time.Second: "59m59s", 25 * time.Hour: "1d1h", 1<<63 - 1: "106751d23h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for p, want := range map[float64]string{100: "100.000%", 99.99999: "99.999%", 99.999: "99.999%", 0: "0.000%", -5: "0.000%", 12.3: "12.300%"} {
		if got := percent(p); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
}
