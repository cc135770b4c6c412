package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// covers says whether the order speaks of this exit at all.
func covers(o *wire.RestartGrant, e wire.Exit) bool {
	if o.Count <= 0 {
		return false
	}
	if e.Signal != 0 {
		return o.Signals
	}
	for _, r := range o.Codes {
		if r.From <= e.Code && e.Code <= r.To {
			return true
		}
	}
	return false
}

// manyRestarts is the count from which on an order is as good as unbounded: its uses needn't be remembered.
const manyRestarts = 1 << 16

// tally remembers when an order was used.
type tally []time.Duration

// allow says whether the order may be used at now, and notes the use.
func (t *tally) allow(o *wire.RestartGrant, now time.Duration) bool {
	if o.Count >= manyRestarts {
		return true
	}
	keep := (*t)[:0]
	for _, at := range *t {
		if now-at < o.Within {
			keep = append(keep, at)
		}
	}
	*t = keep
	if len(keep) >= o.Count {
		return false
	}
	*t = append(keep, now)
	return true
}
