package wire

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
