package past

import (
	"context"
	"html/template"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/history"
	"github.com/daruma-sh/daruma/internal/observe/timeline"
	"github.com/daruma-sh/daruma/internal/observe/web"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// maxListed is how many incidents stand in words below a timeline.
const maxListed = 50

// fallsView is the page of a timeline.
type fallsView struct {
	Wrong    string // what is wrong with the address
	Lasts    []lastLink
	Closer   string
	Wider    string
	Earlier  string
	Later    string
	Timeline template.HTML
	Listed   []listed
	More     int
}

type lastLink struct {
	Name, Address string
	This          bool
}

// listed is an incident in words.
type listed struct {
	Address, When, Name, Cause, Down, Action, State string
	Falls                                           int
}

// falls is the timeline of a service or, where the view has none, of all.
func (p *Past) falls(ctx context.Context, v web.View) (template.HTML, error) {
	p.refresh(ctx)
	now := time.Now()
	var view fallsView
	s, err := timeline.ParseSpan(v.Query, now)
	if err != nil {
		view.Wrong = err.Error()
		s, _ = timeline.ParseSpan(nil, now)
	}
	var latest []history.Fall
	rows := timeline.Collect(s, func(each func(*history.Fall) bool) {
		p.history.Falls(s.From, s.To, func(f *history.Fall) bool {
			if v.Service != "" && f.Service != v.Service {
				return true
			}
			latest = keepLatest(latest, f)
			return each(f)
		})
	}, func(each func(service, program string, day history.Day) bool) {
		p.history.Forgotten(s.From, s.To, func(service, program string, day history.Day) bool {
			return v.Service != "" && service != v.Service || each(service, program, day)
		})
	})
	view.Timeline = template.HTML(timeline.Draw(&rows, links(v), p.words(v))) // it has escaped what strangers wrote
	for _, row := range rows.Rows {
		view.More += row.Incidents
	}
	view.More = max(view.More-len(latest), 0)
	for k := len(latest) - 1; k >= 0; k-- {
		view.Listed = append(view.Listed, p.list(v, &latest[k]))
	}
	view.navigate(v, s, now)
	return p.make(v, "falls.html", view)
}

// keepLatest keeps the latest incidents, in the order of their beginning.
func keepLatest(list []history.Fall, f *history.Fall) []history.Fall {
	if len(list) == maxListed && f.From.Before(list[0].From) {
		return list
	}
	list = append(list, *f)
	for k := len(list) - 1; k > 0 && list[k].From.Before(list[k-1].From); k-- {
		list[k], list[k-1] = list[k-1], list[k]
	}
	return list[max(0, len(list)-maxListed):]
}

func (p *Past) list(v web.View, f *history.Fall) listed {
	w := p.words(v)
	l := listed{Address: links(v).Incident(f.Service, f.ID), When: f.From.In(p.zone).Format("2006-01-02 15:04:05"), Name: w.Name(f.Service, f.Program),
		Cause: plaintext.Line(f.Cause), Down: timeline.Duration(f.Down), Action: plaintext.Line(f.Action), State: w.Outcome(f.Outcome, f.Open)}
	if f.Count > 1 {
		l.Falls = f.Count
	}
	return l
}

// navigate makes the links to other spans.
func (f *fallsView) navigate(v web.View, s timeline.Span, now time.Time) {
	path := "/timeline"
	if v.Service != "" {
		path = servicePath(v.Service, "falls", nil)
	}
	for _, name := range timeline.Lasts() {
		this := v.Query.Get("last") == name || name == "24h" && !v.Query.Has("last")
		f.Lasts = append(f.Lasts, lastLink{name, path + "?last=" + name, this && !v.Query.Has("from")})
	}
	f.Closer = timeline.Address(path, s.Closer(now).Query())
	f.Wider = timeline.Address(path, s.Wider(now).Query())
	f.Earlier = timeline.Address(path, s.Earlier(now).Query())
	f.Later = timeline.Address(path, s.Later(now).Query())
}
