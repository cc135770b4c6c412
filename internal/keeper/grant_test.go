package keeper

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

func TestGrantCovers(t *testing.T) {
	o := &wire.RestartGrant{Count: 1, Codes: []wire.Range{{From: 1, To: 1}, {From: 3, To: 5}}}
	for code := -1; code < 8; code++ {
		if got, want := covers(o, wire.Exit{Code: code}), code == 1 || code >= 3 && code <= 5; got != want {
			t.Errorf("exit code %d: %v", code, got)
		}
	}
	killed := wire.Exit{Code: -1, Signal: 9}
	if covers(o, killed) {
		t.Error("covers a signal that it doesn't speak of")
	}
	o.Signals = true
	if !covers(o, killed) || !covers(o, wire.Exit{Code: 1}) {
		t.Error("doesn't cover a signal")
	}
	signals := wire.RestartGrant{Count: 1, Signals: true, Codes: []wire.Range{{From: 0, To: 255}}}
	if covers(&wire.RestartGrant{Signals: true}, wire.Exit{Code: 0}) || !covers(&signals, wire.Exit{Code: 0}) {
		t.Error("exit code 0")
	}
	for _, count := range []int{0, -1} {
		signals.Count = count
		if covers(&signals, killed) || covers(&signals, wire.Exit{}) {
			t.Errorf("a grant for %d restarts covers something", count)
		}
	}
	if covers(new(wire.RestartGrant), killed) {
		t.Error("the zero grant restarts")
	}
}

func TestGrantUsesSlides(t *testing.T) {
	var uses grantUses
	o := &wire.RestartGrant{Count: 2, Within: 10 * time.Second}
	for i, c := range []struct {
		at time.Duration
		ok bool
	}{
		{0, true}, {4 * time.Second, true}, {9 * time.Second, false},
		{10*time.Second - 1, false}, {10 * time.Second, true}, // the first use is over
		{10*time.Second + 1, false}, {14 * time.Second, true}, {15 * time.Second, false}, {time.Hour, true},
	} {
		if got := uses.allow(o, c.at); got != c.ok {
			t.Errorf("use %d at %s: %v", i, c.at, got)
		}
	}
	if len(uses) != 1 {
		t.Errorf("%d uses are remembered, and one is within the window", len(uses))
	}
}

// TestGrantUsesNeverAllowsMore: in no window of Within are there more than Count, whatever the grant becomes meanwhile.
func TestGrantUsesNeverAllowsMore(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		o := &wire.RestartGrant{Count: 1 + rng.IntN(5), Within: time.Duration(1+rng.IntN(20)) * time.Second}
		var uses grantUses
		var allowed []time.Duration
		now := time.Duration(0)
		for range 300 {
			now += time.Duration(rng.IntN(4000)) * time.Millisecond
			in := 0
			for _, at := range allowed {
				if now-at < o.Within {
					in++
				}
			}
			if got := uses.allow(o, now); got != (in < o.Count) {
				t.Fatalf("seed %d at %s: %d of %d within %s, allowed: %v", seed, now, in, o.Count, o.Within, got)
			} else if got {
				allowed = append(allowed, now)
			}
			if len(uses) > o.Count {
				t.Fatalf("seed %d: %d uses are remembered for a grant of %d", seed, len(uses), o.Count)
			}
		}
	}
}

// A program without backoff may crash a million times; no memory goes with it.
func TestGrantUsesOfAnUnboundedGrant(t *testing.T) {
	var uses grantUses
	o := &wire.RestartGrant{Count: manyRestarts, Within: time.Hour}
	for i := range 100_000 {
		if !uses.allow(o, time.Duration(i)) {
			t.Fatalf("use %d is refused", i)
		}
	}
	if cap(uses) > 0 {
		t.Errorf("room for %d uses", cap(uses))
	}
}
