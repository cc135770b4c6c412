package past

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/url"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/observe"
	"github.com/daruma-sh/daruma/internal/observe/history"
	"github.com/daruma-sh/daruma/internal/observe/timeline"
	"github.com/daruma-sh/daruma/internal/observe/web"
)

//go:embed templates
var files embed.FS

// patience is how long a page waits for what happened in the last minute. Where a supervisor hangs, the page shows what was known before.
const patience = 300 * time.Millisecond

// Past makes the pages. Make one with [New].
type Past struct {
	history *history.History
	look    func(context.Context) ([]observe.Seen, error)
	zone    *time.Location
	reading chan struct{} // a place for each reading of logs or of a record

	mu      sync.Mutex
	looking chan struct{} // closed when the look that is under way has ended; nil: none is
}

// maxReading is how many readings of a log or a record there are at a time.
const maxReading = 4

// New gives the pages of what h remembers; look is the observer's, which gives h the records.
func New(h *history.History, look func(context.Context) ([]observe.Seen, error)) *Past {
	return &Past{history: h, look: look, zone: time.Local, reading: make(chan struct{}, maxReading)}
}

// Panels gives the parts of each service's page.
func (p *Past) Panels() []web.Panel {
	return []web.Panel{{Title: "The last day", Body: p.day}}
}

// Pages gives the pages of each service.
func (p *Past) Pages() []web.Page {
	return []web.Page{
		{Path: "falls", Title: "Falls", Body: p.falls},
		{Path: "incident", Title: "Incidents", Body: p.incident},
		{Path: "availability", Title: "Availability", Body: p.availability},
		{Path: "usage", Title: "The last day", Body: p.usage},
	}
}

// Machine gives the pages of all services together.
func (p *Past) Machine() []web.Page {
	return []web.Page{
		{Path: "timeline", Title: "Falls", Body: p.falls},
		{Path: "availability", Title: "Availability", Body: p.availability},
	}
}

// refresh has the observer look, so that history knows of what happened since its last minute. All pages share one look.
func (p *Past) refresh(ctx context.Context) {
	p.mu.Lock()
	done := p.looking
	if done == nil {
		done = make(chan struct{})
		p.looking = done
		go func() {
			_, _ = p.look(context.WithoutCancel(ctx)) // it takes a second at most, and where it fails nothing is new
			p.mu.Lock()
			p.looking = nil
			p.mu.Unlock()
			close(done)
		}()
	}
	p.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (p *Past) words(v web.View) timeline.Words { return timeline.Words{T: v.T, Zone: p.zone} }

// links are where the parts of a drawing lead to. A bar of several incidents leads to the page that it stands in, closer.
func links(v web.View) timeline.Links {
	return timeline.Links{
		Incident: func(service, id string) string { return servicePath(service, "incident", url.Values{"id": {id}}) },
		Program:  func(service string) string { return servicePath(service, "falls", nil) },
		Span:     func(service string, s timeline.Span) string { return servicePath(service, "falls", s.Query()) },
	}
}

// servicePath gives the address of a page of a service.
func servicePath(service, page string, q url.Values) string {
	path := "/services/" + url.PathEscape(service)
	if page != "" {
		path += "/" + page
	}
	return timeline.Address(path, q)
}

// make fills in a template in the reader's language.
func (p *Past) make(v web.View, name string, data any) (template.HTML, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"t": v.T}).ParseFS(files, "templates/"+name)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return template.HTML(b.String()), err // a template has escaped it
}
