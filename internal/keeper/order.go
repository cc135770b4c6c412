package keeper

import "time"

// Order is the standing order: restart at once, at most Count times within Within, on these exits.
type Order struct {
	Count   int
	Within  time.Duration
	Codes   []Range
	Signals bool
}

// Range is the exit codes From to To, both included.
type Range struct{ From, To int }

func (o *Order) code(c *coder) {
	c.num(&o.Count)
	c.dur(&o.Within)
	list(c, &o.Codes, func(r *Range) { c.num(&r.From); c.num(&r.To) })
	c.flag(&o.Signals)
}

// covers says whether the order speaks of this exit at all.
func (o *Order) covers(e Exit) bool {
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
func (t *tally) allow(o *Order, now time.Duration) bool {
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
