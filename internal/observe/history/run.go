package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/observe"
)

const (
	sampleEvery = time.Minute
	// daysEvery is how often changed days are written. What a kill takes of them is reckoned anew from the records.
	daysEvery = 5
)

// Run looks once a minute, and keeps what it saw, until ctx ends. look is the observer's; records that it reads go to [History.TakeRecord].
func (h *History) Run(ctx context.Context, look func(context.Context) ([]observe.Seen, error)) {
	ticks := time.NewTicker(sampleEvery)
	defer ticks.Stop()
	for n := 0; ; n++ {
		var failed error
		if seen, err := look(ctx); err == nil { // else whoever looks now is told why
			failed = h.files.append(h.takeSeen(seen))
		}
		if n%daysEvery == 0 || ctx.Err() != nil {
			failed = errors.Join(failed, h.writeDays())
		}
		if ctx.Err() != nil {
			return
		}
		h.say(failed)
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
}

func (h *History) say(err error) {
	if (err != nil) == h.unkept {
		return
	}
	if h.unkept = err != nil; h.unkept {
		err = fmt.Errorf("what the dashboard shows of the past isn't kept, and it is tried again: %w", err)
	}
	h.failed(err)
}
