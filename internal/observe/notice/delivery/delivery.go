// Package delivery brings what waits in the queue to one channel, no faster than its receiver takes it.
//
// Chats take 20 messages a minute from a robot, and stop taking any for ten minutes from one that sends more. So what can't be sent one by
// one is sent as one message that lists it, and nothing is left out.
package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
	"github.com/daruma-sh/daruma/internal/observe/notice/queue"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	// PerMinute is how many messages a channel gets in any minute: below the 20 of the chats, because others may use the same robot.
	PerMinute = 15
	// oneByOne is how many notices may wait and still be sent as a message each.
	oneByOne = 3
	// firstWait and longestWait bound the wait after a failure.
	firstWait   = 5 * time.Second
	longestWait = 5 * time.Minute
	// lastMoment is how long an attempt may go on when the observer ends.
	lastMoment = 2 * time.Second
	// refusals is how often a single notice may be refused until it is given up: it is the notice that the receiver doesn't like.
	refusals = 3
)

// Sender sends what waits for one channel. [Sender.Run] is its only goroutine.
type Sender struct {
	Name    string
	Channel channel.Channel
	Queue   *queue.Queue
	Writer  notice.Writer
	Say     func(string) // for the observer's own log: when it begins to fail and when that is over

	failures int
	refused  int
	alone    bool // the last list was refused: one by one, to find the notice that is
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	for ctx.Err() == nil {
		list, more := s.Queue.Pending(s.Name)
		if len(list) == 0 {
			select {
			case <-more:
			case <-ctx.Done():
			}
			continue
		}
		if wait := s.full(time.Now()); wait > 0 {
			sleep(ctx, wait)
			continue
		}
		s.attempt(ctx, s.choose(list))
	}
}

// choose gives those that become one message.
func (s *Sender) choose(list []notice.Notice) []notice.Notice {
	if s.alone || len(list) <= oneByOne {
		return list[:1]
	}
	return list[:min(len(list), s.Channel.Room())]
}

// full gives how long to wait until there may be another message.
func (s *Sender) full(now time.Time) time.Duration {
	sent := s.Queue.Sent(s.Name, now)
	if len(sent) < PerMinute {
		return 0
	}
	return min(max(time.Minute-now.Sub(sent[len(sent)-PerMinute]), time.Second), time.Minute)
}

// attempt sends one message, and waits where that fails.
func (s *Sender) attempt(ctx context.Context, list []notice.Notice) {
	bounded, cancel := patient(ctx)
	err := s.Channel.Send(bounded, s.Writer.Digest(list))
	cancel()
	switch {
	case err == nil:
		s.done(list)
		if s.failures > 0 {
			s.Say(fmt.Sprintf("notices to %s are sent again", s.Name))
		}
		s.failures, s.refused, s.alone = 0, 0, false
		return
	case ctx.Err() != nil:
		return
	}
	if s.failures == 0 {
		s.Say(fmt.Sprintf("notices to %s can't be sent; they are kept and sent later: %s", s.Name, plaintext.Line(err.Error())))
	}
	s.failures++
	if channel.Refused(err) && s.giveUp(list, err) {
		return
	}
	sleep(ctx, s.backoff(err))
}

// giveUp finds the notice that a receiver refuses, and drops it when it was refused often enough, so that the others get through.
func (s *Sender) giveUp(list []notice.Notice, err error) bool {
	if len(list) > 1 {
		s.alone = true
		return false
	}
	if s.refused++; s.refused < refusals {
		return false
	}
	s.refused = 0
	s.done(list)
	s.Say(fmt.Sprintf("%s refuses a notice, which is dropped: %s: %s", s.Name, plaintext.Line(s.Writer.Title(&list[0])), plaintext.Line(err.Error())))
	return true
}

// patient gives a context for one attempt: it outlives ctx by a moment, for a message that the receiver has taken and not answered yet would
// be sent again.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), channel.Timeout)
	stop := context.AfterFunc(ctx, func() {
		sleep(bounded, lastMoment)
		cancel()
	})
	return bounded, func() { stop(); cancel() }
}

func (s *Sender) done(list []notice.Notice) {
	ids := make([]string, len(list))
	for k := range list {
		ids[k] = list[k].ID
	}
	s.Queue.Done(s.Name, time.Now(), ids...)
}

// backoff doubles with each failure, spread by a fifth so that many observers don't come back at the same moment.
func (s *Sender) backoff(err error) time.Duration {
	d := min(firstWait<<min(s.failures-1, 10), longestWait)
	d += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(d))
	return max(d, channel.After(err))
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
