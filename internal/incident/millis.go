package incident

import (
	"math"
	"strconv"
	"time"
)

// Millis is a duration that JSON shows in milliseconds with up to three decimals.
type Millis time.Duration

// Duration gives m as a duration.
func (m Millis) Duration() time.Duration { return time.Duration(m) }

// MarshalJSON writes milliseconds.
func (m Millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, math.Round(float64(m)/1e3)/1e3, 'f', -1, 64), nil
}

// UnmarshalJSON reads milliseconds; what is out of range is brought to the nearest bound (± 292 years).
func (m *Millis) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(f, 0) {
		return err
	}
	*m = fromFloat(math.Round(f*1e3) * 1e3) // no finer than it is written
	return nil
}

// fromFloat turns nanoseconds into Millis; Go leaves the conversion of a float out of range undefined.
func fromFloat(ns float64) Millis {
	switch {
	case math.IsNaN(ns):
		return 0
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	}
	return Millis(math.Round(ns))
}
