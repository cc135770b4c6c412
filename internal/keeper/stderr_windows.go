package keeper

import (
	"os"
	"time"
)

// printLine writes a line to stderr and waits for that no longer than limit: a console in which text is selected, or a full pipe, must not
// hold up the keeper, and every program with it.
func printLine(line string, limit time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = os.Stderr.WriteString(line + "\r\n")
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
