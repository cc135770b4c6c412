package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// covers says whether the grant allows a restart after this exit, however often it was used.
func covers(g *wire.RestartGrant, e wire.Exit) bool {
	if g.Count <= 0 {
		return false
	}
	if e.Signal != 0 {
		return g.Signals
	}
	for _, r := range g.Codes {
		if r.From <= e.Code && e.Code <= r.To {
			return true
		}
	}
	return false
}

// manyRestarts is the count from which on a grant is as good as unbounded: its uses needn't be remembered.
const manyRestarts = 1 << 16

// grantUses are the times at which a program's grant was used.
type grantUses []time.Duration

// allow says whether the grant may be used now, and notes the use.
func (u *grantUses) allow(g *wire.RestartGrant, now time.Duration) bool {
	if g.Count >= manyRestarts {
		return true
	}
	recent := (*u)[:0]
	for _, at := range *u {
		if now-at < g.Within {
			recent = append(recent, at)
		}
	}
	*u = recent
	if len(recent) >= g.Count {
		return false
	}
	*u = append(recent, now)
	return true
}
