package shipping

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// Counts is what became of the logs for one target since the observer started.
type Counts struct {
	Target         string
	Lines, Bytes   uint64            // that it has taken; of the lines' text
	Refused        uint64            // lines that it refused and that are left out; of what a receiver of OTLP drops, records
	FailedRequests map[string]uint64 // by the answer: 3xx, 4xx, 5xx, none (or nothing was sent), or unexpected for one of 2xx that isn't what a receiver says
	Oldest         time.Time         // when the oldest line was written that is on its way; zero: there is none
}

// Counts gives those of each target. It may be called by any goroutine.
func (s *Shipper) Counts() []Counts {
	all := make([]Counts, 0, len(s.targets))
	for _, one := range s.targets {
		all = append(all, one.counts.read(one.target.Name))
	}
	return all
}

// answers are the ways in which requests fail. Each has its count from the beginning: a rate doesn't see the first step of one that begins with it.
const (
	answer3xx = iota
	answer4xx
	answer5xx
	answerNone
	answerUnexpected
	answerKinds
)

func answerName(kind int) string {
	return [answerKinds]string{"3xx", "4xx", "5xx", "none", "unexpected"}[kind]
}

// counts are written by the sender's goroutine and read by others.
type counts struct {
	lines, bytes, refused atomic.Uint64
	failed                [answerKinds]atomic.Uint64
	oldest                atomic.Int64 // nanoseconds since 1970; 0: nothing is on its way
}

func (c *counts) read(target string) Counts {
	out := Counts{Target: target, Lines: c.lines.Load(), Bytes: c.bytes.Load(), Refused: c.refused.Load(), FailedRequests: map[string]uint64{}}
	for kind := range c.failed {
		out.FailedRequests[answerName(kind)] = c.failed[kind].Load()
	}
	if at := c.oldest.Load(); at != 0 {
		out.Oldest = time.Unix(0, at)
	}
	return out
}

// took counts what the receiver has taken. Some records it has dropped all the same, and not said which: each counts as a line, and the bytes of all
// records count as taken unless it has dropped all of them.
func (c *counts) took(items []record.Item, verdicts []record.Verdict, dropped uint64) {
	c.refused.Add(dropped)
	if dropped >= uint64(len(items)) {
		return
	}
	lines, bytes := 0, 0
	for i := range items {
		if verdicts[i] == record.Taken {
			lines, bytes = lines+items[i].Lines, bytes+items[i].Text
		}
	}
	c.lines.Add(uint64(lines) - min(dropped, uint64(lines)))
	c.bytes.Add(uint64(bytes))
}

// fail counts a request.
func (c *counts) fail(err error) {
	kind, p := answerUnexpected, (*receiver.Problem)(nil)
	if errors.As(err, &p) {
		switch p.Status / 100 {
		case 3:
			kind = answer3xx
		case 4:
			kind = answer4xx
		case 5:
			kind = answer5xx
		case 0:
			kind = answerNone
		}
	}
	c.failed[kind].Add(1)
}

// waits notes the time of a line that is on its way.
func (c *counts) waits(r *record.Record) {
	at := r.When().UnixNano()
	if oldest := c.oldest.Load(); oldest == 0 || at < oldest {
		c.oldest.Store(at)
	}
}
