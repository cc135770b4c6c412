package history

import (
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// clock is how time is told. Tests have their own.
type clock struct {
	boot string               // names the machine's boot
	mono func() time.Duration // since then, the same for all processes
	wall func() time.Time
}

func systemClock() clock {
	return clock{boot: incident.Boot(), mono: monotonic.Now, wall: time.Now}
}

// mark is a moment on the time line of the samples, as it is written down.
type mark struct {
	T    int64         `json:"t"` // milliseconds on the time line
	At   time.Time     `json:"at"`
	Boot string        `json:"boot"`
	Mono time.Duration `json:"mono"`
}

// maxT bounds what a damaged file may say: some 100,000 years.
const maxT = int64(1) << 52

func (m *mark) valid() bool { return m.T >= 0 && m.T <= maxT && m.Mono >= 0 }

// since gives the place of now on the time line on which m lies. Within a boot the monotonic clock says how much time went by, across one only the
// wall clock can, where it didn't go back.
func (m *mark) since(c *clock) int64 {
	gone := c.mono() - m.Mono
	if m.Boot != c.boot || m.Boot == "" {
		gone = c.wall().Sub(m.At)
	}
	return m.T + max(gone, 0).Milliseconds()
}
