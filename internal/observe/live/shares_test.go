package live

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

func TestShares(t *testing.T) {
	start := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	look := func(after time.Duration, generation int, seconds float64) []Seen {
		return []Seen{{Service: "shop", Heard: start.Add(after),
			Status: control.Status{Programs: []control.ProgramStatus{{Name: "api", Generation: generation, CPUSeconds: seconds}}}}}
	}
	var s Shares
	for _, c := range []struct {
		what string
		seen []Seen
		want float64
	}{
		{"first look", look(0, 1, 10), -1},
		{"half of a processor", look(2*time.Second, 1, 11), 0.5},
		{"too soon after", look(2*time.Second+100*time.Millisecond, 1, 11.1), 0.5},
		{"two processors, since the last look that counted", look(4*time.Second, 1, 15), 2},
		{"another run", look(6*time.Second, 2, 0.1), -1},
		{"less than before: processes of its tree are gone", look(8*time.Second, 2, 0.05), -1},
		{"idle", look(10*time.Second, 2, 0.05), 0},
	} {
		if s = s.Next(c.seen); s.Of("shop", "api") != c.want {
			t.Errorf("%s: %v, want %v", c.what, s.Of("shop", "api"), c.want)
		}
	}
	if got := s.Of("shop", "other"); got >= 0 {
		t.Errorf("of a program that isn't there: %v", got)
	}
}
