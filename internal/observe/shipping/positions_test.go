package shipping

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/observe/shipping/tail"
)

// TestCutAheadIsKept: where a record was ended by time is kept until it is reached, though batches before it have arrived: else the record
// would get other lines under the same name after the next kill.
func TestCutAheadIsKept(t *testing.T) {
	kept, err := openPositions(t.TempDir(), "store")
	if err != nil {
		t.Fatal(err)
	}
	p := &tail.Program{Source: record.NewSource("web-1", "shop", "api")}
	one := &program{cut: &logread.Position{Seq: 1, Offset: 900}}
	s := &sender{positions: kept, programs: map[*tail.Program]*program{p: one}, say: func(line string) { t.Error(line) },
		ends: map[*tail.Program]logread.Position{}, cuts: map[*tail.Program]logread.Position{}}
	for _, c := range []struct {
		end int64
		cut bool
	}{{500, true}, {900, false}} {
		end := logread.Position{Seq: 1, Offset: c.end}
		one.reaches(end)
		s.ends[p] = end
		s.arrived()
		if got := kept.places["shop/api"]; got.Position != end || (got.Cut != nil) != c.cut {
			t.Errorf("at %d: %+v", c.end, got)
		}
	}
}

// TestPositionsAreKeptInTime: not after each of many batches, but before a wait, and at the end.
func TestPositionsAreKeptInTime(t *testing.T) {
	folder := t.TempDir()
	kept, err := openPositions(folder, "store")
	if err != nil {
		t.Fatal(err)
	}
	p := &tail.Program{Source: record.NewSource("web-1", "shop", "api")}
	s := &sender{positions: kept, programs: map[*tail.Program]*program{}, say: func(line string) { t.Error(line) },
		ends: map[*tail.Program]logread.Position{}, cuts: map[*tail.Program]logread.Position{}}
	for _, c := range []struct {
		ago  time.Duration // since they were kept
		then func()
		want int64
	}{
		{keepEvery, func() {}, 100}, // the first ones
		{0, func() {}, 100},
		{keepEvery, func() {}, 300},
		{0, s.keep, 400},
	} {
		at := s.ends[p]
		at.Seq, at.Offset = 1, kept.places["shop/api"].Offset+100
		s.ends[p] = at
		s.keptAt = time.Now().Add(-c.ago)
		if c.ago == 0 {
			s.keptAt = time.Now().Add(time.Hour) // however long this test is held up
		}
		s.arrived()
		c.then()
		disk, err := openPositions(folder, "store")
		if err != nil {
			t.Fatal(err)
		}
		if got := disk.places["shop/api"].Offset; got != c.want {
			t.Errorf("at %d: %d is kept, want %d", at.Offset, got, c.want)
		}
	}
}
