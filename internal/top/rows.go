package top

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/reason"
	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/live"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// target is what a row is about.
type target struct{ service, program string } // program "": the service itself

func (t target) String() string {
	if t.program == "" {
		return t.service
	}
	return t.service + "/" + t.program
}

// row is a line of the table. Its texts are cleaned, each one line.
type row struct {
	target
	red    bool // somebody should look
	colour screen.Colour
	state  string
	ready  string
	pid    string
	since  string
	starts string // restarts
	cpu    string
	memory string
	why    string
	runs   bool // the program is wanted: s stops it
}

// name is the first field.
func (r *row) name() string {
	if r.program == "" {
		return r.service
	}
	return "  " + r.program
}

// rowsOf makes the rows of what was seen that filter leaves, at the time now: services that somebody should look at first, and in each the
// programs; a service's own row stands above its programs.
func rowsOf(services []live.Seen, cpu live.Shares, filter string, now time.Time) []row {
	groups := make([][]row, 0, len(services))
	n := 0
	for _, s := range services {
		if g := filtered(group(s, cpu, now), strings.ToLower(filter)); len(g) > 0 {
			groups = append(groups, g)
			n += len(g)
		}
	}
	slices.SortStableFunc(groups, func(a, b []row) int { return redFirst(&a[0], &b[0]) })
	rows := make([]row, 0, n)
	for _, g := range groups {
		rows = append(rows, g...)
	}
	return rows
}

func redFirst(a, b *row) int {
	switch {
	case a.red && !b.red:
		return -1
	case b.red && !a.red:
		return 1
	}
	return 0
}

// filtered leaves the programs that contain filter in their names, state or reason, and the service's row above them; all where it is the
// service that does. nil: nothing does.
func filtered(g []row, filter string) []row {
	if filter == "" || g[0].has(filter) {
		return g
	}
	left := slices.DeleteFunc(slices.Clone(g[1:]), func(r row) bool { return !r.has(filter) })
	if len(left) == 0 {
		return nil
	}
	return append(g[:1:1], left...)
}

func (r *row) has(filter string) bool {
	name := r.program
	if name == "" {
		name = r.service
	}
	for _, text := range []string{name, r.state, r.why} {
		if strings.Contains(strings.ToLower(text), filter) {
			return true
		}
	}
	return false
}

// group makes the rows of one service.
func group(s live.Seen, cpu live.Shares, now time.Time) []row {
	g := make([]row, 1, 1+len(s.Status.Programs))
	g[0] = row{target: target{service: plaintext.Line(s.Service)}}
	wanted, ready, memory, used := 0, 0, int64(0), -1.0
	for _, p := range s.Status.Programs {
		share := -1.0
		if p.PID != 0 {
			share = cpu.Of(s.Service, p.Name)
		}
		if share >= 0 {
			used = max(used, 0) + share
		}
		r := programRow(s.Service, p, share, now)
		if p.Wanted && p.State != control.StateCompleted {
			wanted++
			if p.Ready {
				ready++
			}
		}
		memory += p.MemoryBytes
		g[0].red = g[0].red || r.red
		g = append(g, r)
	}
	slices.SortStableFunc(g[1:], func(a, b row) int { return redFirst(&a, &b) })
	head := &g[0]
	if !s.Heard.IsZero() {
		head.ready = fmt.Sprintf("%d/%d", ready, wanted)
		head.since = screen.Span(s.Status.UptimeSeconds)
		head.cpu, head.memory = percent(used), size(memory)
		head.why = plaintext.Line(strings.Join(s.Status.Warnings, "; "))
	}
	head.serviceState(s, now)
	return g
}

// serviceState says how the service as a whole is: nothing where it answers.
func (r *row) serviceState(s live.Seen, now time.Time) {
	var starting *control.StartingError
	switch {
	case s.Denied():
		r.state, r.colour, r.why = "no access", screen.Yellow, plaintext.Line(s.Err.Error())
	case errors.As(s.Err, &starting):
		r.red, r.state, r.colour, r.why = true, "starting", screen.Red, plaintext.Line(s.Err.Error())
	case errors.Is(s.Err, control.ErrNotRunning):
		r.red, r.state, r.colour = true, "not running", screen.Red
		if r.why = plaintext.Line(s.System); s.System == "" {
			r.why = "no supervisor and no keeper is there"
		}
	case s.Err != nil || s.Silent(now):
		r.red, r.state, r.colour, r.why = true, "no answer", screen.Red, "the supervisor doesn't answer"
		if !s.Heard.IsZero() {
			r.why += fmt.Sprintf("; what is shown was heard %s ago", screen.Span(now.Sub(s.Heard).Seconds()))
		}
		if s.Err != nil {
			r.why += ": " + plaintext.Line(s.Err.Error())
		}
	case s.Heard.IsZero():
		r.state, r.colour = "asked", screen.Dim
	}
}

func programRow(service string, p control.ProgramStatus, share float64, now time.Time) row {
	r := row{target: target{plaintext.Line(service), plaintext.Line(p.Name)}, runs: p.Wanted, starts: strconv.Itoa(p.Restarts),
		why: plaintext.Line(reason.Of(p, now)), ready: "-", pid: "-", since: "-", cpu: percent(share), memory: size(p.MemoryBytes)}
	r.state, r.colour, r.red = stateOf(p)
	r.state = plaintext.Line(r.state)
	switch {
	case p.Ready:
		r.ready = "yes"
	case p.PID != 0:
		r.ready = "no"
	}
	if p.PID != 0 {
		r.pid, r.since = strconv.Itoa(p.PID), screen.Span(p.UptimeSeconds)
	}
	return r
}

// stateOf is a program's state, its colour, and whether somebody should look.
func stateOf(p control.ProgramStatus) (state string, c screen.Colour, red bool) {
	state, level := live.StateOf(p)
	switch level {
	case live.Bad:
		return state, screen.Red, true
	case live.Good:
		return state, screen.Green, false
	case live.Resting:
		return state, screen.Dim, false
	}
	return state, screen.Yellow, false
}

func size(bytes int64) string {
	if bytes <= 0 {
		return "-"
	}
	return screen.Size(bytes)
}

// percent is a share of one processor.
func percent(share float64) string {
	switch {
	case share < 0:
		return "-"
	case share > 0 && share < 0.001:
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", share*100)
}
