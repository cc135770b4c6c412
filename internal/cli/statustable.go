package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/reason"
	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// table draws the status of services at the time now.
func table(s screen.Screen, views []view, now time.Time) string {
	rows := [][]screen.Cell{screen.Headings("NAME/PROGRAM", "STATE", "READY", "PID", "UPTIME", "RESTARTS", "MEMORY", "REASON")}
	for _, v := range views {
		if !v.Running {
			rows = append(rows, []screen.Cell{{Text: v.Service}, screen.In(screen.Red, notThere(v)), {}, {}, {}, {}, {}, {Text: whyNot(v)}})
		}
		for _, p := range v.Programs {
			rows = append(rows, row(v.Service, p, now))
		}
		if v.Running && len(v.Programs) == 0 {
			rows = append(rows, []screen.Cell{{Text: v.Service}, screen.In(screen.Dim, "no programs")})
		}
	}
	return s.Columns(rows) + remarks(s, views)
}

func notThere(v view) string {
	switch {
	case v.System != nil:
		word, _ := operate.Describe(*v.System)
		return word
	case isStarting(v.err):
		return "starting"
	case errors.Is(v.err, control.ErrNotRunning):
		return "not running"
	}
	return "unknown"
}

// isStarting tells that a keeper is starting a supervisor.
func isStarting(err error) bool {
	var starting *control.StartingError
	return errors.As(err, &starting)
}

// whyNot is empty where "not running" says it all.
func whyNot(v view) string {
	why := v.Problem
	if errors.Is(v.err, control.ErrNotRunning) && !isStarting(v.err) {
		why = ""
	}
	if v.System != nil {
		_, reason := operate.Describe(*v.System)
		if v.Ended != nil {
			reason = fmt.Sprintf("ended by itself at %s: %s; %s", v.Ended.At.Format("2006-01-02 15:04:05"), v.Ended.Why, reason)
		}
		why = strings.TrimPrefix(why+"; "+reason, "; ")
	}
	return why
}

func row(service string, p control.ProgramStatus, now time.Time) []screen.Cell {
	state, c := stateOf(p)
	ready, readyColour := "no", screen.Yellow
	switch {
	case p.Ready:
		ready, readyColour = "yes", screen.Green
	case p.PID == 0:
		ready, readyColour = "-", screen.Plain
	}
	pid, up, memory := "-", "-", "-"
	if p.PID != 0 {
		pid, up = strconv.Itoa(p.PID), screen.Span(p.UptimeSeconds)
	}
	if p.MemoryBytes > 0 {
		memory = screen.Size(p.MemoryBytes)
	}
	return []screen.Cell{
		{Text: service + "/" + p.Name}, screen.In(c, state), screen.In(readyColour, ready), {Text: pid}, {Text: up},
		{Text: strconv.Itoa(p.Restarts)}, {Text: memory}, {Text: reason.Of(p, now)},
	}
}

// stateOf is a program's state, and the colour for how alarming it is.
func stateOf(p control.ProgramStatus) (string, screen.Colour) {
	if p.Paused {
		return string(control.StatePaused), screen.Yellow
	}
	switch p.State {
	case control.StateRunning:
		if !p.Healthy {
			return "running, unhealthy", screen.Red
		}
		return "running", screen.Green
	case control.StateFailed, control.StateBackoff:
		return string(p.State), screen.Red
	case control.StateStopped, control.StateCompleted:
		return string(p.State), screen.Dim
	}
	return string(p.State), screen.Yellow
}

// remarks are the lines below the table.
func remarks(s screen.Screen, views []view) string {
	var b strings.Builder
	remark := func(format string, parts ...any) {
		fmt.Fprintln(&b, s.Paint(screen.Yellow, plaintext.Line(fmt.Sprintf(format, parts...))))
	}
	for _, v := range views {
		for _, w := range v.Warnings {
			remark("%s: %s", v.Service, w)
		}
		for _, p := range v.Programs {
			if p.LogLost > 0 {
				remark("%s/%s: %s of its output couldn't be written", v.Service, p.Name, screen.Size(p.LogLost))
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n" + b.String()
}
