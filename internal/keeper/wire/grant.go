package wire

import "time"

// RestartGrant is what the keeper may restart without being asked, so that the first restart of a program waits for nobody and happens
// even while no supervisor is alive: at once, at most Count times within Within, after these exits. The zero value allows nothing.
type RestartGrant struct {
	Count   int
	Within  time.Duration
	Codes   []Range // exit codes
	Signals bool    // after any signal
}

// Range is the exit codes From to To, both included.
type Range struct{ From, To int }

func (g *RestartGrant) code(c *coder) {
	c.num(&g.Count)
	c.dur(&g.Within)
	list(c, &g.Codes, func(r *Range) { c.num(&r.From); c.num(&r.To) })
	c.flag(&g.Signals)
}
