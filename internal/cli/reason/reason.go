// Package reason says in words why a program is as it is, from what its supervisor says of it.
package reason

import (
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
)

// Of joins the last decision, what the program says of itself, the time of the next start (counted from now; the zero time leaves it out), and
// what probes complain about. The text isn't fit for a terminal: parts of it are the program's.
func Of(p control.ProgramStatus, now time.Time) string {
	parts := make([]string, 0, 4)
	if p.Reason != "" {
		parts = append(parts, p.Reason)
	}
	if p.StatusText != "" {
		parts = append(parts, "says: "+p.StatusText)
	}
	if p.State == control.StateBackoff && !now.IsZero() && p.NextRestartAt.After(now) {
		parts = append(parts, screen.Span(p.NextRestartAt.Sub(now).Seconds())+" left")
	}
	for _, probe := range p.Probes {
		if probe.Failures > 0 && probe.Message != "" {
			parts = append(parts, fmt.Sprintf("%s probe failed %s: %s", probe.Kind, Times(probe.Failures), probe.Message))
		}
	}
	return strings.Join(parts, "; ")
}

// Times is how often something happened.
func Times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
