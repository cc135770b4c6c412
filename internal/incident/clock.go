package incident

import (
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// clock is how the record tells time.
type clock struct {
	boot string               // names the time since the machine was booted; "" where it has no name
	mono func() time.Duration // since some moment that is the same until the next boot, for all processes; stands still in suspend
	wall func() time.Time
}

// timeBegins is the first place on a record's time line; 0 means none.
const timeBegins = Millis(time.Millisecond)

// systemClock is the clock of this machine.
func systemClock() *clock {
	return &clock{boot: bootID(), mono: monotonic.Now, wall: time.Now}
}

// moment is a point in time as the record's time line, the wall clock and the machine know it.
type moment struct {
	T    Millis    `json:"t"`
	At   time.Time `json:"at"`
	Boot string    `json:"boot"`
	Mono Millis    `json:"monoMs"`
}

// clockSet is before any moment in which daruma could run: a wall clock that shows less hasn't been set yet.
var clockSet = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// after gives the place on the time line of the clock's now, that lies after m.
func (m moment) after(c *clock) Millis {
	if m.Boot != "" && m.Boot == c.boot {
		return later(m.T, Millis(c.mono())-m.Mono)
	}
	// A boot lies between: only the wall clock can tell how long it took, if it was set both times.
	now := c.wall()
	if m.At.Before(clockSet) || now.Before(clockSet) {
		return m.T
	}
	return later(m.T, Millis(now.Sub(m.At))) // Sub stops at ± 292 years
}

// later adds d to t, unless time would go backwards or out of range.
func later(t, d Millis) Millis {
	if d <= 0 || t+d < t {
		return t
	}
	return t + d
}
