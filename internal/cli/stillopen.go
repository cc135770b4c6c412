package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/reason"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// stillOpen names the programs that an order still waits for, with what they are doing, three at most. The supervisor is asked for a moment
// only: the caller's time is over.
func stillOpen(t target, stop bool) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	client, err := control.Dial(t.service)
	if err != nil {
		return ""
	}
	st, err := client.Status(ctx)
	if err != nil {
		return "" // nothing is known; the order goes on all the same
	}
	const most = 3
	var open []string
	for _, p := range st.Programs {
		if t.program != "" && p.Name != t.program || !openOf(p, stop) {
			continue
		}
		open = append(open, fmt.Sprintf("%s (%s: %s)", p.Name, p.State, reason.Of(p, time.Time{})))
	}
	switch n := len(open); {
	case n == 0:
		return ""
	case n > most:
		open = append(open[:most], fmt.Sprintf("%d more", n-most))
	}
	return plaintext.Line(", with " + strings.Join(open, ", "))
}

// openOf says whether an order to start (or to stop) a program isn't done, and may still be.
func openOf(p control.ProgramStatus, stop bool) bool {
	switch p.State {
	case control.StateStopped, control.StateFailed, control.StateCompleted:
		return false
	case control.StateBackoff, control.StateWaiting:
		return !stop
	case control.StateRunning:
		return stop || !p.Ready
	}
	return true
}
