package web

import (
	"errors"
	"fmt"
	"html/template"
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

// serviceView is a service as a page shows it. Texts are translated; those of others are without control characters.
type serviceView struct {
	Key      string // of its piece of the page
	Name     string
	Display  string
	Level    string // class of the stylesheet: good, changing, bad, resting
	State    string
	Why      []string
	Ready    string // "2/3"
	Since    string
	Memory   string
	CPU      string
	Version  string
	Warnings []string
	Programs []programView // bad ones first
	Bad      []programView // at most maxBad
	More     int           // bad ones that aren't in Bad
	red      bool
}

// programView is a program as a page shows it.
type programView struct {
	Key, Service, Name   string
	Level, State, Why    string
	Ready                string
	PID, Since, Restarts string
	Memory, CPU          string
	Processes, Files     string
	LastExit             string
	Log, Lost            string
	Probes               []probeView
	red                  bool
}

// probeView is a probe as a page shows it.
type probeView struct {
	Kind, Level, State, Took, Message string
	Probes, Failed                    string
}

const none = "–"

// maxBad is how many programs of a service the first page names.
const maxBad = 10

func levelClass(l live.Level) string {
	switch l {
	case live.Good:
		return "good"
	case live.Changing:
		return "changing"
	case live.Bad:
		return "bad"
	}
	return "resting"
}

// services gives the views of all services, those that somebody should look at first.
func (d *Dashboard) services(lang string, s *state, now time.Time) []serviceView {
	all := make([]serviceView, 0, len(s.machine.Services))
	for i := range s.machine.Services {
		all = append(all, d.serviceView(lang, &s.machine.Services[i], s, now))
	}
	slices.SortStableFunc(all, func(a, b serviceView) int { return redFirst(a.red, b.red) })
	return all
}

func redFirst(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

func (d *Dashboard) serviceView(lang string, s *live.Seen, all *state, now time.Time) serviceView {
	v := serviceView{Key: "service " + s.Service, Name: s.Service, Display: visible(s.Status.DisplayName), Level: "good", Ready: none, Since: none,
		Memory: none, CPU: none, Version: visible(s.Status.Version)}
	wanted, ready, memory, share := 0, 0, int64(0), -1.0
	for i := range s.Status.Programs {
		p := &s.Status.Programs[i]
		u := all.used(s.Service, p.Name)
		pv := d.programView(lang, s.Service, p, u, now)
		if p.Wanted && p.State != control.StateCompleted {
			wanted++
			if p.Ready {
				ready++
			}
		}
		memory += p.MemoryBytes
		if u >= 0 {
			share = max(share, 0) + u
		}
		switch {
		case pv.red && len(v.Bad) < maxBad:
			v.Bad = append(v.Bad, pv)
		case pv.red:
			v.More++
		}
		v.Programs = append(v.Programs, pv)
	}
	v.red = len(v.Bad) > 0
	slices.SortStableFunc(v.Programs, func(a, b programView) int { return redFirst(a.red, b.red) })
	if !s.Heard.IsZero() {
		v.Ready = fmt.Sprintf("%d/%d", ready, wanted)
		v.Since = screen.Span(s.Status.UptimeSeconds)
		v.Memory, v.CPU = size(memory), percent(share)
	}
	for _, w := range s.Status.Warnings {
		v.Warnings = append(v.Warnings, visible(w))
	}
	d.serviceState(lang, &v, s, now)
	return v
}

// serviceState says how the service as a whole is.
func (d *Dashboard) serviceState(lang string, v *serviceView, s *live.Seen, now time.Time) {
	set := func(level live.Level, state string, why ...string) {
		v.Level, v.State, v.red = levelClass(level), d.text(lang, state), v.red || level == live.Bad
		for _, w := range why {
			if w != "" {
				v.Why = append(v.Why, visible(w))
			}
		}
	}
	var starting *control.StartingError
	switch {
	case s.Denied():
		set(live.Resting, "no access", s.Err.Error())
	case errors.As(s.Err, &starting):
		set(live.Bad, "starting", s.Err.Error())
	case errors.Is(s.Err, control.ErrNotRunning):
		set(live.Bad, "not running", s.System)
	case s.Err != nil || s.Silent(now):
		set(live.Bad, "no answer", d.text(lang, "The supervisor doesn't answer."))
		if !s.Heard.IsZero() {
			v.Why = append(v.Why, d.text(lang, "What is shown was heard %s ago.", screen.Span(now.Sub(s.Heard).Seconds())))
		}
	case s.Heard.IsZero():
		set(live.Changing, "asked")
	case v.red:
		set(live.Bad, "look here")
	case len(v.Warnings) > 0:
		set(live.Changing, "warnings")
	case strings.HasPrefix(v.Ready, "0/0"):
		set(live.Resting, "resting")
	default:
		set(live.Good, "well")
	}
}

func (s *state) used(service, name string) float64 { return s.cpu.Of(service, name) }

func (d *Dashboard) programView(lang, service string, p *control.ProgramStatus, share float64, now time.Time) programView {
	state, level := live.StateOf(*p)
	v := programView{Key: "program " + service + "/" + p.Name, Service: service, Name: visible(p.Name), Level: levelClass(level), State: d.text(lang, state),
		Why: visible(reason.Of(*p, now)), Ready: none, PID: none, Since: none, Restarts: strconv.Itoa(p.Restarts), Memory: size(p.MemoryBytes),
		CPU: none, Processes: count(p.Processes), Files: count(p.OpenFiles), LastExit: none, Log: size(p.LogBytes), red: level == live.Bad}
	switch {
	case p.Ready:
		v.Ready = d.text(lang, "yes")
	case p.PID != 0:
		v.Ready = d.text(lang, "no")
	}
	if p.PID != 0 {
		v.PID, v.Since, v.CPU = strconv.Itoa(p.PID), screen.Span(p.UptimeSeconds), percent(share)
	}
	if p.LastExit != nil {
		v.LastExit = visible(p.LastExit.Words)
		if !p.LastExit.At.IsZero() {
			v.LastExit += ", " + p.LastExit.At.Local().Format("2006-01-02 15:04:05")
		}
	}
	if p.LogLost > 0 {
		v.Lost = size(p.LogLost)
	}
	for _, probe := range p.Probes {
		v.Probes = append(v.Probes, d.probeView(lang, &probe))
	}
	return v
}

func (d *Dashboard) probeView(lang string, p *control.ProbeStatus) probeView {
	v := probeView{Kind: d.text(lang, visible(p.Kind)), Level: "good", State: d.text(lang, "succeeds"), Took: none, Message: visible(p.Message),
		Probes: strconv.FormatUint(p.Probes, 10), Failed: strconv.FormatUint(p.Failed, 10)}
	if !p.At.IsZero() {
		v.Took = fmt.Sprintf("%.1f ms", p.DurationSeconds*1000)
	}
	switch {
	case p.At.IsZero():
		v.Level, v.State = "resting", d.text(lang, "none yet")
	case !p.OK:
		v.Level, v.State = "bad", d.text(lang, "fails")
	case p.Failures > 0:
		v.Level, v.State = "changing", d.text(lang, "failed %d times", p.Failures)
	}
	return v
}

func size(bytes int64) string {
	if bytes <= 0 {
		return none
	}
	return screen.Size(bytes)
}

func count(n int) string {
	if n <= 0 {
		return none
	}
	return strconv.Itoa(n)
}

// percent is a share of one processor.
func percent(share float64) string {
	switch {
	case share < 0:
		return none
	case share > 0 && share < 0.001:
		return "<0.1 %"
	}
	return fmt.Sprintf("%.1f %%", share*100)
}

// panelView is a part of a service's page that another part of the observer made.
type panelView struct {
	Title string
	Body  template.HTML
	Err   string
}

// logText makes a line of a log visible: control characters are shown, as ^[ for ESC.
func logText(line []byte) string {
	cut := line[:min(len(line), maxLine)]
	text := string(plaintext.Caret(make([]byte, 0, len(cut)+16), cut))
	if len(cut) < len(line) {
		text += "…"
	}
	return text
}
