package keeper

import (
	"os"
	"time"
)

// tell writes one line to stderr and waits for that no longer than patience: a console in which text is selected, or a
// full pipe, must not hold up the keeper, and so not every program with it.
func tell(line string, patience time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = os.Stderr.WriteString(line + "\r\n")
	}()
	select {
	case <-done:
	case <-time.After(patience):
	}
}
