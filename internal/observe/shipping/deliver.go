package shipping

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

const (
	// firstWait and longestWait bound the wait after a failure.
	firstWait   = time.Second
	longestWait = 2 * time.Minute
	// lastMoment is how long a request may go on when the observer ends: what has arrived and isn't answered yet would be sent again.
	lastMoment = 2 * time.Second
)

// deliver sends the batch until it has arrived; false: ctx ended before.
func (s *sender) deliver(ctx context.Context) bool {
	items := s.batch.Items
	for len(items) > 0 {
		verdicts, err := s.attempt(ctx, items)
		if ctx.Err() != nil && err != nil {
			return false
		}
		items = left(items, verdicts)
		if len(items) > 0 {
			s.failed(err)
			sleep(ctx, s.backoff(err))
			if ctx.Err() != nil {
				return false
			}
		}
	}
	s.recovered()
	s.arrived()
	return true
}

// attempt sends the items in one request.
func (s *sender) attempt(ctx context.Context, items []record.Item) ([]record.Verdict, error) {
	bounded, cancel := patient(ctx)
	defer cancel()
	s.body = s.format.body(s.body[:0], s.batch.Raw, items)
	answer, err := s.receiver.Post(bounded, s.format.contentType, s.body)
	if err != nil {
		return nil, err
	}
	return s.format.judge(answer, len(items))
}

// left gives the items that haven't arrived; without verdicts none has.
func left(items []record.Item, verdicts []record.Verdict) []record.Item {
	if verdicts == nil {
		return items
	}
	var rest []record.Item
	for i, v := range verdicts {
		if v != record.Taken {
			rest = append(rest, items[i])
		}
	}
	return rest
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

// failed says that it doesn't go on, once.
func (s *sender) failed(err error) {
	if s.failures == 0 {
		s.say(fmt.Sprintf("it doesn't arrive, and is sent again later: %v", err))
	}
	s.failures++
}

func (s *sender) recovered() {
	if s.failures > 0 {
		s.say("it arrives again; what was written meanwhile follows")
	}
	s.failures = 0
}

// backoff doubles with each failure, spread by a fifth so that many observers don't come back at the same moment. What the receiver asks for
// counts where it is longer.
func (s *sender) backoff(err error) time.Duration {
	d := min(firstWait<<min(s.failures-1, 10), longestWait)
	d += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(d))
	if p := (*receiver.Problem)(nil); errors.As(err, &p) {
		d = max(d, p.After)
	}
	return d
}
