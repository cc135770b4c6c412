package screen

import (
	"testing"
	"time"
)

func TestSpanAndSize(t *testing.T) {
	for in, want := range map[float64]string{-1: "0.0s", 0: "0.0s", 0.44: "0.4s", 0.96: "1s", 59.9: "59s", 60: "1m0s", 3599: "59m59s", 3600: "1h0m", 86399: "23h59m", 86400: "1d0h", 1e9: "11574d1h"} {
		if got := Span(in); got != want {
			t.Errorf("span(%v) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[int64]string{0: "0B", 1023: "1023B", 1024: "1.0Ki", 10 << 10: "10Ki", 1<<20 - 1: "1.0Mi", 3 << 29: "1.5Gi", 5 << 40: "5.0Ti", 1 << 60: "1048576Ti"} {
		if got := Size(in); got != want {
			t.Errorf("size(%d) = %s, want %s", in, got, want)
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1: "0.1ms", 920 * time.Microsecond: "0.9ms", 12 * time.Millisecond: "12ms", 1250 * time.Millisecond: "1.2s",
		59999 * time.Millisecond: "59.9s", 185 * time.Second: "3m5s", 124 * time.Hour: "5d4h",
	} {
		if got := Took(d); got != want {
			t.Errorf("took(%d) = %s, want %s", d, got, want)
		}
	}
}
