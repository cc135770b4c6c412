package shipping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/otlp"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// lastMoment is how long a request may go on when the observer ends: what has arrived and isn't answered yet would be sent again.
const lastMoment = 2 * time.Second

// mostParts is how many parts of a refused batch are tried without success until it is taken for granted that it isn't a few records that the
// receiver doesn't like: its two halves, four quarters and eight eighths.
const mostParts = 15

// outcome is what came of sending records.
type outcome struct {
	taken   int
	later   []record.Item
	refused []record.Item
	err     error // why not all are taken,
	ill     error // and of what the receiver is ill where that isn't it
}

func (o *outcome) add(p outcome) {
	o.taken += p.taken
	o.later, o.refused = append(o.later, p.later...), append(o.refused, p.refused...)
	if o.err == nil {
		o.err = p.err
	}
	if o.ill == nil && len(p.later) > 0 {
		o.ill = p.err
	}
}

// deliver sends the batch until it has arrived; false: ctx ended before.
//
// A record that the receiver refuses is left out, or no other would ever arrive; but only where it takes others, since one that refuses
// everything isn't what it should be, and nothing is lost for that.
func (s *sender) deliver(ctx context.Context) bool {
	items, taken := slices.Clone(s.batch.Items), false
	for len(items) > 0 {
		s.keepCuts()
		o := s.divide(ctx, items)
		taken = taken || o.taken > 0
		items = o.later
		if taken {
			s.leaveOut(o.refused, o.err)
		} else {
			items = append(items, o.refused...)
		}
		if len(items) == 0 {
			break
		}
		if ctx.Err() != nil {
			return false
		}
		why := cmp.Or(o.ill, o.err)
		s.tell(s.trouble.failed(time.Now(), why))
		s.keep() // this may take hours
		s.wait(ctx, s.trouble.backoff(why))
		if ctx.Err() != nil {
			return false
		}
		if len(o.refused) > 0 && !taken { // is it these records? Others tell
			items = append(items, s.furtherItems()...)
		}
	}
	s.tell(s.trouble.over(time.Now()))
	s.arrived()
	return true
}

// wait waits, and goes on looking for programs: what stands in a folder when it can be read for the first time may count as old, and would be more with
// every minute that nobody looks.
func (s *sender) wait(ctx context.Context, d time.Duration) {
	for d > searchEvery && len(s.tail.Late()) > 0 && ctx.Err() == nil {
		s.pause(ctx, searchEvery)
		d -= searchEvery
		s.look(time.Now())
	}
	s.pause(ctx, d)
	s.look(time.Now())
}

func (s *sender) tell(line string) {
	if line != "" {
		s.say(line)
	}
}

// furtherItems reads on. A batch that is full grows for it, by as much again at most: one long line can fill it, and where that is refused,
// only others tell whether it is this line.
func (s *sender) furtherItems() []record.Item {
	before := len(s.batch.Items)
	if size := int64(len(s.batch.Raw)); s.full() {
		if s.filled == 0 {
			s.filled = size
		}
		if size < s.filled+s.target.MaxBatch {
			s.most = size + min(turn, s.target.MaxBatch)
		}
	}
	if !s.full() {
		s.fill(time.Now())
	}
	return slices.Clone(s.batch.Items[before:])
}

// divide sends the items, and where they are refused as a whole, in ever smaller parts, to find the records that are.
func (s *sender) divide(ctx context.Context, items []record.Item) (sum outcome) {
	parts := [][]record.Item{items}
	for tried := 0; len(parts) > 0; tried++ {
		part := parts[0]
		parts = parts[1:]
		o := s.attempt(ctx, part)
		if len(o.refused) == len(part) && len(part) > 1 && (sum.taken > 0 || tried < mostParts) && isContent(o.err) {
			parts = append(parts, part[:len(part)/2], part[len(part)/2:])
			continue
		}
		sum.add(o)
		if len(o.later) > 0 { // the receiver is ill: nothing more for now
			for _, part := range parts {
				sum.later = append(sum.later, part...)
			}
			break
		}
	}
	return sum
}

// isContent tells whether a request as a whole was refused for what is in it.
func isContent(err error) bool {
	p := (*receiver.Problem)(nil)
	return errors.As(err, &p) && p.Content
}

// request is the body of a request with the items, valid until the next call.
func (s *sender) request(items []record.Item) []byte {
	if s.format.body == nil {
		if part, ok := s.batch.Part(items); ok {
			return part
		}
		s.body = s.batch.Append(s.body[:0], items)
	} else {
		s.body = s.format.body(s.body[:0], s.batch.Raw, items)
	}
	return s.body
}

// attempt sends the items in one request.
func (s *sender) attempt(ctx context.Context, items []record.Item) outcome {
	bounded, cancel := patient(ctx)
	defer cancel()
	answer, err := s.receiver.Post(bounded, s.format.contentType, s.request(items))
	if err != nil {
		s.counts.fail(err)
		if isContent(err) {
			return outcome{refused: items, err: err}
		}
		return outcome{later: items, err: err}
	}
	verdicts, err := s.format.judge(answer, len(items))
	if verdicts == nil {
		s.counts.fail(err)
		return outcome{later: items, err: err}
	}
	dropped := uint64(0)
	if partial := (*otlp.PartialError)(nil); errors.As(err, &partial) {
		s.warn(partial)
		dropped = partial.Rejected
	}
	s.counts.took(items, verdicts, dropped)
	return sort(items, verdicts, err)
}

// sort puts the items where their verdicts say.
func sort(items []record.Item, verdicts []record.Verdict, err error) (o outcome) {
	for i, v := range verdicts {
		switch v {
		case record.Taken:
			o.taken++
		case record.Later:
			o.later = append(o.later, items[i])
		case record.Refused:
			o.refused = append(o.refused, items[i])
		}
	}
	o.err = err
	return o
}

// warn says what a receiver has dropped by its own account, once for each reason.
func (s *sender) warn(p *otlp.PartialError) {
	if s.warned == nil || p.Said != s.warned.Said {
		s.warned = p
		s.say(p.Error())
	}
}

// leaveOut says which records don't arrive.
func (s *sender) leaveOut(items []record.Item, err error) {
	if len(items) == 0 {
		return
	}
	for i := range items {
		s.counts.refused.Add(uint64(items[i].Lines))
	}
	first := items[0]
	s.say(fmt.Sprintf("%d records are refused and left out, the first is of %s/%s, file %d, byte %d: %v",
		len(items), first.Source.Service, first.Source.Program, first.At.Seq, first.At.Offset, err))
}

// patient gives a context for one request: it outlives ctx by a moment.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	bounded, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(bounded, lastMoment)
		cancel()
	})
	return bounded, func() { stop(); cancel() }
}
