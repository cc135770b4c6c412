package metrics

import "time"

// Shipped is what became of the logs that are shipped to one target, since the observer started.
type Shipped struct {
	Target         string
	Lines, Bytes   uint64            // that it has taken; of the lines' text
	Refused        uint64            // lines that it refused and that are left out; of what a receiver of OTLP drops, records
	FailedRequests map[string]uint64 // by what was answered, a few fixed words
	Oldest         time.Time         // when the oldest line was written that is on its way; zero: there is none
}

// ShowShipping has the metrics tell of shipping too. shipped is called at each scrape, by several goroutines. It is set before the first scrape.
func (c *Collector) ShowShipping(shipped func() []Shipped) { c.shipped = shipped }

func (c *Collector) shipping(to sink, now time.Time) {
	if c.shipped == nil {
		return
	}
	for _, one := range c.shipped() {
		s := sender{to, []string{one.Target}}
		s.put(c.descs.shippedLines, float64(one.Lines))
		s.put(c.descs.shippedBytes, float64(one.Bytes))
		s.put(c.descs.refusedLines, float64(one.Refused))
		byKey(s, c.descs.failedRequests, one.FailedRequests)
		lag := time.Duration(0)
		if !one.Oldest.IsZero() {
			lag = max(now.Sub(one.Oldest), 0) // the clock may have been set back
		}
		s.put(c.descs.shippingLag, lag.Seconds())
	}
}
