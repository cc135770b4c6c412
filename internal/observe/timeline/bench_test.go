package timeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/history"
)

// A page over 90 days with 100,000 incidents of 1,000 programs.
func BenchmarkTimelineOf100000Incidents(b *testing.B) {
	falls := make([]history.Fall, 100_000)
	for k := range falls {
		falls[k] = fell(fmt.Sprintf("p%03d", k/100), fmt.Sprint(k), 90*24*time.Hour-time.Duration(k%100)*20*time.Hour, time.Minute)
	}
	var text string
	for b.Loop() {
		text = Draw(collected(Span{noon().Add(-longest), noon()}, falls), links(), English())
	}
	b.ReportMetric(float64(len(text)), "bytes")
}

// A page with the availability of 1,000 programs.
func BenchmarkAvailabilityOf1000Programs(b *testing.B) {
	one := available()[0]
	all := make([]history.Availability, 1000)
	for k := range all {
		all[k] = one
	}
	for b.Loop() {
		Availability(all, links().Program, English())
	}
}

// Both charts of one program.
func BenchmarkChart(b *testing.B) {
	u := usage()
	for b.Loop() {
		Chart(u, English())
	}
}
