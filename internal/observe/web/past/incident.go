package past

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe/live"
	"github.com/daruma-sh/daruma/internal/observe/timeline"
	"github.com/daruma-sh/daruma/internal/observe/web"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	// around is how much of the log before a fall and after a recovery is shown.
	around = 30 * time.Second
	// maxLines is how many of its lines: as many before the fall as after it.
	maxLines = 200
	maxLine  = 2 << 10 // bytes of a line
	// readWithin bounds the reading of a log or a record.
	readWithin = 3 * time.Second
)

// incidentView is the page of one incident, or of the latest of a service.
type incidentView struct {
	Missing  bool
	Facts    []fact
	Said     []string // the program's last output before the first fall, as the record keeps it
	Lines    []logLine
	Cut      bool // there are more lines
	Trouble  string
	Logs     string // address of the live log
	Timeline string // of the time around it
	Listed   []listed
}

type fact struct{ Name, Value string }

type logLine struct {
	Time, Text string
	After      bool // the fall lies before it
}

// incident shows the record of one incident with the lines of the log around it, or the latest incidents where the address names none.
func (p *Past) incident(ctx context.Context, v web.View) (template.HTML, error) {
	select {
	case p.reading <- struct{}{}:
		defer func() { <-p.reading }()
	default:
		return "", errors.New(v.T("Too many records are being read. Try again."))
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	record, err := live.Incidents(ctx, v.Service)
	if err != nil {
		return "", err
	}
	var view incidentView
	if id := v.Query.Get("id"); id != "" {
		view.Missing = true
		for k := range record.Incidents {
			if record.Incidents[k].ID == id {
				view = p.one(ctx, v, record, &record.Incidents[k])
			}
		}
	}
	if view.Facts == nil {
		view.Listed = p.latest(v, record)
	}
	return p.make(v, "incident.html", view)
}

// latest lists the latest incidents of a record, the last one first.
func (p *Past) latest(v web.View, record *incident.History) []listed {
	w := p.words(v)
	var list []listed
	for k := len(record.Incidents) - 1; k >= 0 && len(list) < maxListed; k-- {
		i := &record.Incidents[k]
		l := listed{Address: links(v).Incident(v.Service, i.ID), When: record.When(i.From).In(p.zone).Format("2006-01-02 15:04:05"), Name: w.Name(v.Service, i.Program),
			Cause: plaintext.Line(i.Cause), Down: timeline.Duration(record.DownFor(*i)), Action: plaintext.Line(i.Action), State: w.Outcome(i.Outcome, i.DownSince > 0)}
		if i.Falls > 1 {
			l.Falls = i.Falls
		}
		list = append(list, l)
	}
	return list
}

// one makes the view of one incident.
func (p *Past) one(ctx context.Context, v web.View, record *incident.History, i *incident.Incident) incidentView {
	w := p.words(v)
	view := incidentView{Logs: servicePath(v.Service, "logs", url.Values{"program": {i.Program}})}
	from := record.When(i.From)
	until := from.Add(record.DownFor(*i))
	view.Timeline = servicePath(v.Service, "falls", timeline.Span{From: from.Add(-time.Hour), To: until.Add(time.Hour)}.Query())
	add := func(name, value string) {
		if value != "" {
			view.Facts = append(view.Facts, fact{v.T(name), plaintext.Line(value)})
		}
	}
	add("Program", w.Name(v.Service, i.Program))
	add("Cause", i.Cause)
	add("At last", i.LastCause)
	add("Kind", string(i.Kind))
	if i.ExitCode != nil {
		add("Exit code", strconv.Itoa(*i.ExitCode))
	}
	add("Signal", i.Signal)
	add("Probe", i.Probe)
	add("The probe's error", i.ProbeError)
	add("Fell", moment(i.Detected, p.zone)+fmt.Sprintf(" (%s %d)", v.T("run"), i.Generation))
	add("Falls", strconv.Itoa(i.Falls))
	if i.Acted != nil {
		add("Acted after", timeline.Duration(i.ActedAfter.Duration()))
	}
	add("Done about it", i.Action)
	add("Attempts", strconv.Itoa(i.Restarts))
	add("Down for", timeline.Duration(record.DownFor(*i)))
	if i.Recovered != nil {
		add("Stood again", moment(*i.Recovered, p.zone)+fmt.Sprintf(" (%s %d)", v.T("run"), i.RecoveredGeneration))
	}
	add("State", w.Outcome(i.Outcome, i.DownSince > 0))
	add("Why it ended", i.EndReason)
	for _, said := range i.LastOutput {
		view.Said = append(view.Said, logText([]byte(said)))
	}
	if i.Program != "" {
		p.lines(ctx, v, &view, i, record.DownFor(*i))
	}
	return view
}

func moment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05.000")
}

var errEnough = errors.New("enough")

// lines reads the log around an incident, by the wall clock as it stood then: that is what the log has, too.
func (p *Past) lines(ctx context.Context, v web.View, view *incidentView, i *incident.Incident, down time.Duration) {
	until := i.Detected.Add(min(down, time.Hour) + around)
	if i.Recovered != nil {
		until = i.Recovered.Add(around)
	}
	var before, after []logLine
	q := live.LogQuery{Service: v.Service, Program: i.Program, Since: i.Detected.Add(-around), Warn: func(text string) { view.Trouble = plaintext.Line(text) }}
	err := live.Logs(ctx, q, func(l live.LogLine) error {
		line := logLine{Text: logText(l.Text)}
		if !l.Time.IsZero() {
			line.Time = l.Time.In(p.zone).Format("15:04:05.000")
			if l.Time.After(until) {
				return errEnough
			}
		}
		if l.Time.After(i.Detected) {
			line.After = true
			if after = append(after, line); len(after) > maxLines/2 {
				view.Cut = true
				return errEnough
			}
			return nil
		}
		if before = append(before, line); len(before) > 2*maxLines {
			before, view.Cut = append([]logLine(nil), before[len(before)-maxLines/2:]...), true
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		view.Trouble = plaintext.Line(err.Error())
	}
	view.Cut = view.Cut || len(before) > maxLines/2
	view.Lines = append(before[max(0, len(before)-maxLines/2):], after[:min(len(after), maxLines/2)]...)
}

// logText makes a line visible: control characters are shown, as ^[ for ESC.
func logText(line []byte) string {
	cut := line[:min(len(line), maxLine)]
	text := string(plaintext.Caret(make([]byte, 0, len(cut)+16), cut))
	if len(cut) < len(line) {
		text += "…"
	}
	return text
}
