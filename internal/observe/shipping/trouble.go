package shipping

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
)

const (
	// firstWait and longestWait bound the wait after a failure.
	firstWait   = time.Second
	longestWait = 2 * time.Minute
	// sayAgain is how long after the last word on a trouble another one is said, if it has another reason.
	sayAgain = time.Minute
)

// trouble is a time in which nothing arrives.
type trouble struct {
	failures int // in a row
	since    time.Time
	saidAt   time.Time
	said     string
}

// failed notes a failure, and gives what is to be said of it; "": nothing.
func (t *trouble) failed(now time.Time, err error) string {
	text := err.Error()
	if t.failures++; t.failures == 1 {
		t.since = now
	} else if text == t.said || now.Sub(t.saidAt) < sayAgain {
		return ""
	}
	t.said, t.saidAt = text, now
	return "it doesn't arrive, and is sent again later: " + text
}

// over notes a success, and gives what is to be said of it.
func (t *trouble) over(now time.Time) string {
	if t.failures == 0 {
		return ""
	}
	lasted := now.Sub(t.since).Round(time.Second)
	*t = trouble{}
	return fmt.Sprintf("it arrives again, after %v; what was written meanwhile follows", lasted)
}

// backoff doubles with each failure, spread by a fifth so that many observers don't come back at the same moment. What the receiver asks for
// counts where it is longer.
func (t *trouble) backoff(err error) time.Duration {
	d := min(firstWait<<min(t.failures-1, 10), longestWait)
	d += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(d))
	if p := (*receiver.Problem)(nil); errors.As(err, &p) {
		d = max(d, p.After)
	}
	return d
}
