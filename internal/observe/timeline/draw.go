package timeline

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// Links say where the parts of a timeline lead to. What they give is escaped by the drawing.
type Links struct {
	Incident func(service, id string) string
	Program  func(service string) string
	Span     func(service string, s Span) string // the timeline of a service over a span
}

// ticks is into how many parts the axis is divided.
const ticks = 6

// Draw draws a timeline: a line for each program, and below it when that was.
func Draw(r *Rows, l Links, w Words) string {
	var b strings.Builder
	if len(r.Rows) == 0 {
		fmt.Fprintf(&b, `<p class="tl-none">%s</p>`+"\n", clean(w.T("Nothing fell in this time.")))
	}
	b.WriteString(`<div class="tl">` + "\n")
	for k := range r.Rows {
		r.Rows[k].draw(&b, l, w)
	}
	r.Span.axis(&b, w)
	b.WriteString("</div>\n")
	if r.More > 0 {
		fmt.Fprintf(&b, `<p class="tl-more">%s</p>`+"\n", clean(w.f("%d programs more fell; narrow the time or look at one service.", r.More)))
	}
	return b.String()
}

func (r *Row) draw(b *strings.Builder, l Links, w Words) {
	name := w.Name(r.Service, r.Program)
	fmt.Fprintf(b, `<div class="tl-row"><a class="tl-name" href="%s">%s</a>`, html.EscapeString(l.Program(r.Service)), clean(name))
	label := w.f("Falls of %s", name) + ": " + w.f("incidents: %d, down for %s in all", r.Incidents, Duration(r.Down))
	fmt.Fprintf(b, `<svg class="tl-bars" viewBox="0 0 %d 20" preserveAspectRatio="none" role="group" aria-label="%s">`, width, clean(label))
	for k := 1; k < ticks; k++ {
		fmt.Fprintf(b, `<path class="tl-grid" d="M%d 0V20"/>`, k*width/ticks)
	}
	for k := range r.Bars {
		r.Bars[k].draw(b, l, w)
	}
	b.WriteString("</svg></div>\n")
}

// draw draws one bar. How bad it is shows in its height, too.
func (k *Bar) draw(b *strings.Builder, l Links, w Words) {
	class, top := k.look()
	words := clean(k.words(w))
	href := ""
	switch {
	case k.Forgotten, k.Incidents > 1:
		href = l.Span(k.Service, Span{k.From, k.Until}.around())
	default:
		href = l.Incident(k.Service, k.ID)
	}
	fmt.Fprintf(b, `<a href="%s"><title>%s</title><rect class="%s" x="%d" y="%d" width="%d" height="%d"/></a>`,
		html.EscapeString(href), words, class, k.x, top, k.wide, 20-top)
}

// around gives some room before and behind, so that what is looked for isn't at the edge.
func (s Span) around() Span {
	room := max(s.length()/10, time.Second)
	return Span{s.From.Add(-room), s.To.Add(room)}
}

func (k *Bar) look() (class string, top int) {
	switch {
	case k.Forgotten:
		return "tl-forgotten", 12
	case k.Open || k.Outcome == incident.GaveUp && k.Incidents == 1:
		return "tl-down", 0
	case k.Program == "":
		return "tl-service", 10
	case k.Incidents > 1:
		return "tl-many", 4
	case k.Outcome == incident.Recovered:
		return "tl-recovered", 6
	}
	return "tl-ended", 10
}

// words say what a bar is: what fell, why, when, how long, what was done about it, how it ended.
func (k *Bar) words(w Words) string {
	name := w.Name(k.Service, k.Program)
	if k.Forgotten {
		days := k.From.In(w.Zone).Format(time.DateOnly)
		if last := k.Until.Add(-time.Nanosecond).In(w.Zone).Format(time.DateOnly); last != days {
			days = w.f("from %s to %s", days, last)
		}
		return w.f("%s: %s", name, w.f("incidents: %d, down for %s in all", k.Incidents, Duration(k.Down))) + "; " + days + ". " + w.T("The record no longer holds them all.")
	}
	if k.Incidents > 1 {
		return w.f("%s: %s", name, w.f("incidents: %d, down for %s in all", k.Incidents, Duration(k.Down))) + "; " +
			w.f("from %s to %s", w.moment(k.From), w.moment(k.Until))
	}
	parts := []string{w.f("%s: %s", name, short(k.Cause, 160)), w.f("on %s, down for %s", w.moment(k.From), Duration(k.Down))}
	if k.Count > 1 {
		parts = append(parts, w.f("fell %d times", k.Count))
	}
	if k.Action != "" {
		parts = append(parts, short(k.Action, 100))
	}
	end := w.Outcome(k.Outcome, k.Open)
	if k.Ended != "" {
		end += " (" + short(k.Ended, 100) + ")"
	}
	return strings.Join(append(parts, end), "; ")
}

// axis says when the drawing's parts begin.
func (s Span) axis(b *strings.Builder, w Words) {
	form := "15:04"
	switch {
	case s.length() > 3*24*time.Hour:
		form = "01-02"
	case s.length() > 12*time.Hour:
		form = "01-02 15:04"
	case s.length() < 20*time.Minute:
		form = "15:04:05"
	}
	fmt.Fprintf(b, `<div class="tl-row tl-axis"><span class="tl-name">%s</span><ol class="tl-ticks">`, clean(s.From.In(w.Zone).Format("2006-01-02")))
	for k := range ticks {
		at := s.From.Add(s.length() / ticks * time.Duration(k)).In(w.Zone)
		fmt.Fprintf(b, `<li><time datetime="%s">%s</time></li>`, at.Format(time.RFC3339), at.Format(form))
	}
	b.WriteString("</ol></div>\n")
}

// Address joins a path and a query.
func Address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
