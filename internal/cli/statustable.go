package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// table draws the status of services at the time now.
func table(s screen, views []view, now time.Time) string {
	rows := [][]cell{{
		{"NAME/PROGRAM", bold}, {"STATE", bold}, {"READY", bold}, {"PID", bold}, {"UPTIME", bold},
		{"RESTARTS", bold}, {"MEMORY", bold}, {"REASON", bold},
	}}
	for _, v := range views {
		if !v.Running {
			rows = append(rows, []cell{{text: v.Service}, {notThere(v), red}, {}, {}, {}, {}, {}, {whyNot(v), plain}})
		}
		for _, p := range v.Programs {
			rows = append(rows, row(v.Service, p, now))
		}
		if v.Running && len(v.Programs) == 0 {
			rows = append(rows, []cell{{text: v.Service}, {"no programs", dim}})
		}
	}
	return s.columns(rows) + remarks(s, views)
}

func notThere(v view) string {
	switch {
	case v.System != nil:
		word, _ := operate.Describe(*v.System)
		return word
	case errors.Is(v.err, control.ErrNotRunning):
		return "not running"
	}
	return "unknown"
}

// whyNot is empty where "not running" says it all.
func whyNot(v view) string {
	why := v.Problem
	if errors.Is(v.err, control.ErrNotRunning) {
		why = ""
	}
	if v.System != nil {
		_, reason := operate.Describe(*v.System)
		why = strings.TrimPrefix(why+"; "+reason, "; ")
	}
	return plaintext.Line(why)
}

func row(service string, p control.ProgramStatus, now time.Time) []cell {
	state, c := stateOf(p)
	ready, readyColour := "no", yellow
	switch {
	case p.Ready:
		ready, readyColour = "yes", green
	case p.PID == 0:
		ready, readyColour = "-", plain
	}
	pid, up, memory := "-", "-", "-"
	if p.PID != 0 {
		pid, up = strconv.Itoa(p.PID), span(p.UptimeSeconds)
	}
	if p.MemoryBytes > 0 {
		memory = size(p.MemoryBytes)
	}
	return []cell{
		{text: service + "/" + p.Name}, {state, c}, {ready, readyColour}, {text: pid}, {text: up},
		{text: strconv.Itoa(p.Restarts)}, {text: memory}, {text: because(p, now)},
	}
}

// stateOf is the word for a program's state, and how alarming it is.
func stateOf(p control.ProgramStatus) (string, colour) {
	if p.Paused {
		return string(control.StatePaused), yellow
	}
	switch p.State {
	case control.StateRunning:
		if !p.Healthy {
			return "running, unhealthy", red
		}
		return "running", green
	case control.StateFailed, control.StateBackoff:
		return string(p.State), red
	case control.StateStopped, control.StateCompleted:
		return string(p.State), dim
	}
	return string(p.State), yellow
}

// because joins the last decision, the time of the next start (counted from now; the zero time leaves it out), and what
// probes complain about.
func because(p control.ProgramStatus, now time.Time) string {
	parts := make([]string, 0, 4)
	if p.Reason != "" {
		parts = append(parts, p.Reason)
	}
	if p.StatusText != "" {
		parts = append(parts, "says: "+p.StatusText)
	}
	if p.State == control.StateBackoff && !now.IsZero() && p.NextRestartAt.After(now) {
		parts = append(parts, span(p.NextRestartAt.Sub(now).Seconds())+" left")
	}
	for _, probe := range p.Probes {
		if probe.Failures > 0 && probe.Message != "" {
			parts = append(parts, fmt.Sprintf("%s probe failed %s: %s", probe.Kind, times(probe.Failures), probe.Message))
		}
	}
	return plaintext.Line(strings.Join(parts, "; "))
}

// remarks are the lines below the table.
func remarks(s screen, views []view) string {
	var b strings.Builder
	for _, v := range views {
		for _, w := range v.Warnings {
			fmt.Fprintln(&b, s.paint(yellow, v.Service+": "+plaintext.Line(w)))
		}
		for _, p := range v.Programs {
			if p.LogLost > 0 {
				fmt.Fprintln(&b, s.paint(yellow, fmt.Sprintf("%s/%s: %s of its output couldn't be written", v.Service, p.Name, size(p.LogLost))))
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n" + b.String()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// span prints a duration in its two largest units: 0.4s, 45s, 12m3s, 3h12m, 5d4h.
func span(seconds float64) string {
	n := int64(seconds)
	switch {
	case seconds < 0.95:
		return fmt.Sprintf("%.1fs", max(seconds, 0))
	case seconds < 60:
		return fmt.Sprintf("%ds", max(n, 1))
	case n < 3600:
		return fmt.Sprintf("%dm%ds", n/60, n%60)
	case n < 86400:
		return fmt.Sprintf("%dh%dm", n/3600, n%3600/60)
	}
	return fmt.Sprintf("%dd%dh", n/86400, n%86400/3600)
}

// size prints bytes in the units that the definition takes: 512B, 24Ki, 1.5Mi, 3.0Gi.
func size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%dB", bytes)
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1023.95 && unit < 3 {
		value, unit = value/1024, unit+1
	}
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if value >= 10 {
		text = strconv.FormatFloat(value, 'f', 0, 64)
	}
	return text + [...]string{"Ki", "Mi", "Gi", "Ti"}[unit]
}
