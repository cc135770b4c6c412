package timeline

import (
	"fmt"
	"net/url"
	"time"
)

// Span is the time that a timeline shows.
type Span struct{ From, To time.Time }

const (
	longest  = 90 * 24 * time.Hour
	shortest = time.Minute
)

// Lasts gives the spans that a page offers, by their names in an address: last=1h.
func Lasts() []string { return []string{"1h", "6h", "24h", "7d", "30d", "90d"} }

func last(name string) (time.Duration, bool) {
	switch name {
	case "1h":
		return time.Hour, true
	case "6h":
		return 6 * time.Hour, true
	case "24h", "":
		return 24 * time.Hour, true
	case "7d":
		return 7 * 24 * time.Hour, true
	case "30d":
		return 30 * 24 * time.Hour, true
	case "90d":
		return longest, true
	}
	return 0, false
}

// ParseSpan reads the span of an address: last, one of [Lasts] (24h without anything), or from and to as RFC 3339 has times. What reaches beyond now,
// or too far back, is cut off, and what is too narrow is widened. The error is in words.
func ParseSpan(q url.Values, now time.Time) (Span, error) {
	now = now.Round(0)
	if !q.Has("from") && !q.Has("to") {
		d, known := last(q.Get("last"))
		if !known {
			return Span{}, fmt.Errorf("last is %q, and can be 1h, 6h, 24h, 7d, 30d or 90d", short(q.Get("last"), 40))
		}
		return Span{now.Add(-d), now}, nil
	}
	var s Span
	for name, at := range map[string]*time.Time{"from": &s.From, "to": &s.To} {
		t, err := time.Parse(time.RFC3339, q.Get(name))
		if err != nil {
			return Span{}, fmt.Errorf("%s is %q, and must be a time such as %s", name, short(q.Get(name), 40), now.UTC().Format(time.RFC3339))
		}
		*at = t
	}
	return s.within(now), nil
}

// within gives the span as far as something can be known of it.
func (s Span) within(now time.Time) Span {
	if s.To.After(now) {
		s = Span{now.Add(-s.To.Sub(s.From)), now}
	}
	if earliest := now.Add(-longest); s.From.Before(earliest) {
		s.From = earliest
		if s.To.Before(earliest) {
			s.To = earliest
		}
	}
	if s.To.Sub(s.From) < shortest {
		s.From = s.To.Add(-shortest)
	}
	return s
}

// Query gives the span as [ParseSpan] reads it.
func (s Span) Query() url.Values {
	return url.Values{"from": {s.From.UTC().Format(time.RFC3339)}, "to": {s.To.UTC().Format(time.RFC3339)}}
}

func (s Span) length() time.Duration { return s.To.Sub(s.From) }

// Closer gives the half in the middle.
func (s Span) Closer(now time.Time) Span {
	quarter := s.length() / 4
	return Span{s.From.Add(quarter), s.To.Add(-quarter)}.within(now)
}

// Wider gives twice as much.
func (s Span) Wider(now time.Time) Span {
	half := s.length() / 2
	return Span{s.From.Add(-half), s.To.Add(half)}.within(now)
}

// Earlier gives what lies half of it earlier.
func (s Span) Earlier(now time.Time) Span {
	half := s.length() / 2
	return Span{s.From.Add(-half), s.To.Add(-half)}.within(now)
}

// Later gives what lies half of it later.
func (s Span) Later(now time.Time) Span {
	half := s.length() / 2
	return Span{s.From.Add(half), s.To.Add(half)}.within(now)
}
