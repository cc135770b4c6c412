package past

import (
	"context"
	"html/template"
	"math"
	"net/url"
	"slices"

	"github.com/daruma-sh/daruma/internal/observe/history"
	"github.com/daruma-sh/daruma/internal/observe/timeline"
	"github.com/daruma-sh/daruma/internal/observe/web"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	// maxCharts is of how many programs a page has charts and strips of days: a service's first ones.
	maxCharts = 20
	// maxLarge is up to how many programs a service's own page has charts; of more it has a small line for each.
	maxLarge = 3
	// maxSparks is how many such lines.
	maxSparks = 200
)

// programView is what stands of one program in a page.
type programView struct {
	Name        string
	Address     string // of its charts
	Chart       template.HTML
	CPU, Memory template.HTML
	Days        template.HTML
}

type availabilityView struct {
	Table    template.HTML
	Programs []programView
	More     int
}

// availability is the page of a service's availability or, where the view has none, of all services'.
func (p *Past) availability(ctx context.Context, v web.View) (template.HTML, error) {
	p.refresh(ctx)
	w, l := p.words(v), links(v)
	all := p.ofService(v.Service)
	view := availabilityView{Table: template.HTML(timeline.Availability(all, func(service string) string { return servicePath(service, "availability", nil) }, w))}
	if v.Service != "" {
		for k := range all[:min(len(all), maxCharts)] {
			days := p.history.Days(v.Service, all[k].Program)
			span := func(s timeline.Span) string { return l.Span(v.Service, s) }
			view.Programs = append(view.Programs, programView{Name: plaintext.Line(all[k].Program), Days: template.HTML(timeline.Days(w.Name(v.Service, all[k].Program), days, span, w))})
		}
		view.More = max(len(all)-maxCharts, 0)
	}
	return p.make(v, "availability.html", view)
}

// ofService gives the availability of a service's programs, or of all where it is "".
func (p *Past) ofService(service string) []history.Availability {
	all := p.history.Availability()
	if service == "" {
		return all
	}
	var of []history.Availability
	for _, a := range all {
		if a.Service == service {
			of = append(of, a)
		}
	}
	return of
}

// day is what each program of a service used over the last day, in the service's own page.
func (p *Past) day(ctx context.Context, v web.View) (template.HTML, error) {
	p.refresh(ctx)
	all := p.ofService(v.Service)
	if len(all) <= maxLarge {
		return p.make(v, "day.html", p.charts(v, all))
	}
	w := p.words(v)
	view := availabilityView{More: max(len(all)-maxSparks, 0)}
	for k := range all[:min(len(all), maxSparks)] {
		name := all[k].Program
		u := p.history.Usage(v.Service, name)
		if known(u.Memory)+known(u.CPU) == 0 {
			continue
		}
		view.Programs = append(view.Programs, programView{Name: plaintext.Line(name), Address: servicePath(v.Service, "usage", url.Values{"program": {name}}),
			CPU: template.HTML(timeline.Spark(u.CPU, timeline.ChartWords("CPU", u, w))), Memory: template.HTML(timeline.Spark(u.Memory, timeline.ChartWords("Memory", u, w)))})
	}
	return p.make(v, "sparks.html", view)
}

// usage is the page of the charts: of the program that the address names, or of the service's first ones.
func (p *Past) usage(ctx context.Context, v web.View) (template.HTML, error) {
	p.refresh(ctx)
	all := p.ofService(v.Service)
	if program := v.Query.Get("program"); program != "" {
		all = slices.DeleteFunc(all, func(a history.Availability) bool { return a.Program != program })
	}
	return p.make(v, "day.html", p.charts(v, all))
}

func (p *Past) charts(v web.View, all []history.Availability) (view availabilityView) {
	w := p.words(v)
	for k := range all[:min(len(all), maxCharts)] {
		u := p.history.Usage(v.Service, all[k].Program)
		if known(u.Memory)+known(u.CPU) > 0 {
			view.Programs = append(view.Programs, programView{Name: plaintext.Line(all[k].Program), Chart: template.HTML(timeline.Chart(u, w))})
		}
	}
	view.More = max(len(all)-maxCharts, 0)
	return view
}

// known counts the values that are.
func known(values []float64) (n int) {
	for _, v := range values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}
