package screen

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Span prints a duration in its two largest units: 0.4s, 45s, 12m3s, 3h12m, 5d4h.
func Span(seconds float64) string {
	n := int64(seconds)
	switch {
	case seconds < 0.95:
		return fmt.Sprintf("%.1fs", max(seconds, 0))
	case seconds < 60:
		return fmt.Sprintf("%ds", max(n, 1))
	case n < 3600:
		return fmt.Sprintf("%dm%ds", n/60, n%60)
	case n < 86400:
		return fmt.Sprintf("%dh%dm", n/3600, n%3600/60)
	}
	return fmt.Sprintf("%dd%dh", n/86400, n%86400/3600)
}

// Took prints a duration with the precision that recoveries have: 0.9ms, 12ms, 1.2s, 3m5s, 5d4h.
func Took(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", max(float64(d)/1e6, 0.1))
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	}
	return Span(d.Seconds())
}

// Seconds prints milliseconds: 0.2 s, 12 s.
func Seconds(ms float64) string {
	s := ms / 1000
	if s < 0.0995 {
		return fmt.Sprintf("%.3f s", s)
	}
	if s < 9.95 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f s", math.Round(s))
}

// Size prints bytes in the units that the definition takes: 512B, 24Ki, 1.5Mi, 3.0Gi.
func Size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%dB", bytes)
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1023.95 && unit < 3 {
		value, unit = value/1024, unit+1
	}
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if value >= 10 {
		text = strconv.FormatFloat(value, 'f', 0, 64)
	}
	return text + [...]string{"Ki", "Mi", "Gi", "Ti"}[unit]
}
