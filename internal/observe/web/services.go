package web

import (
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/live"
)

// pageLink is a link to a page of a service.
type pageLink struct{ Path, Title string }

// overviewView is the first page.
type overviewView struct {
	Services []serviceView
	Summary  string
	Bad      int
	Err      string
	Known    bool
	Pages    []pageLink // of all services together
}

func (d *Dashboard) overviewView(lang string, s *state) overviewView {
	v := overviewView{Services: d.services(lang, s, time.Now()), Known: s.known}
	programs := 0
	for i := range v.Services {
		programs += len(v.Services[i].Programs)
		if v.Services[i].red {
			v.Bad++
		}
	}
	v.Summary = d.text(lang, "Services: %d, programs: %d, to look at: %d", len(v.Services), programs, v.Bad)
	for _, p := range d.options.Machine {
		v.Pages = append(v.Pages, pageLink{pathOf(p.Path), d.text(lang, p.Title)})
	}
	if s.machine.Err != nil {
		v.Err = visible(s.machine.Err.Error())
	}
	return v
}

// overview is the first page: all services.
func (d *Dashboard) overview(r *request) (*reply, error) {
	return &reply{template: "overview.html", title: d.text(r.lang, "Services"), stream: "/stream", data: d.overviewView(r.lang, d.watch.settled(r.Context()))}, nil
}

// pieces are parts of a page by their keys. The list is made anew, whole, where its parts or their order changed.
type pieces struct {
	order []string
	html  map[string]string
	list  func() (string, error) // the piece "list", which has all others
}

func (d *Dashboard) overviewPieces(r *request) (feed, error) {
	return d.servePieces(func(s *state) (pieces, error) {
		v := d.overviewView(r.lang, s)
		p := pieces{html: map[string]string{}, list: func() (string, error) { return d.piece(r.lang, "services", v) }}
		for i := range v.Services {
			if err := p.add(d, r.lang, v.Services[i].Key, "service", v.Services[i]); err != nil {
				return p, err
			}
		}
		return p, p.add(d, r.lang, "summary", "summary", v)
	}), nil
}

func (p *pieces) add(d *Dashboard, lang, key, name string, data any) error {
	html, err := d.piece(lang, name, data)
	p.order = append(p.order, key)
	p.html[key] = html
	return err
}

// servicePage is a service's page.
type servicePage struct {
	serviceView
	File     string
	Err      []string
	Panels   []panelView
	Pages    []pageLink
	MayOrder bool
	Refused  string // what the supervisor said to the last order of this process, where it takes none from it
}

// service is the page of one service.
func (d *Dashboard) service(r *request) (*reply, error) {
	seen, s, err := d.named(r)
	if err != nil {
		return nil, err
	}
	v := servicePage{serviceView: d.serviceView(r.lang, &seen, s, time.Now()), File: visible(seen.Status.DefinitionFile),
		MayOrder: r.who.role >= operator, Refused: d.orders.refused(seen.Service)}
	for _, e := range seen.Status.DefinitionErrors {
		v.Err = append(v.Err, visible(e))
	}
	for _, p := range d.options.Pages {
		v.Pages = append(v.Pages, pageLink{pathOf("services", seen.Service, p.Path), d.text(r.lang, p.Title)})
	}
	for _, p := range d.options.Panels {
		body, err := p.Body(r.Context(), d.view(r.lang, seen.Service, r.URL.Query()))
		panel := panelView{Title: d.text(r.lang, p.Title), Body: body}
		if err != nil {
			panel.Err = visible(err.Error())
		}
		v.Panels = append(v.Panels, panel)
	}
	return &reply{template: "service.html", title: seen.Service, stream: pathOf("services", seen.Service, "stream"), data: v}, nil
}

func (d *Dashboard) servicePieces(r *request) (feed, error) {
	seen, _, err := d.named(r)
	if err != nil {
		return nil, err
	}
	name, may := seen.Service, r.who.role >= operator
	return d.servePieces(func(s *state) (pieces, error) {
		seen := live.Seen{Service: name}
		if i := slices.IndexFunc(s.machine.Services, func(s live.Seen) bool { return s.Service == name }); i >= 0 {
			seen = s.machine.Services[i]
		}
		v := servicePage{serviceView: d.serviceView(r.lang, &seen, s, time.Now()), MayOrder: may}
		p := pieces{html: map[string]string{}, list: func() (string, error) { return d.piece(r.lang, "programs", v) }}
		for i := range v.Programs {
			if err := p.add(d, r.lang, v.Programs[i].Key, "program", programPiece{v.Programs[i], may}); err != nil {
				return p, err
			}
		}
		return p, p.add(d, r.lang, "head", "head", v)
	}), nil
}

// programPiece is a program's part of a service's page.
type programPiece struct {
	programView
	MayOrder bool
}

// BadPrograms is how many programs somebody should look at.
func (v serviceView) BadPrograms() int { return len(v.Bad) + v.More }

// Pieces gives the programs for the template.
func (v servicePage) Pieces() []programPiece {
	all := make([]programPiece, len(v.Programs))
	for i := range v.Programs {
		all[i] = programPiece{v.Programs[i], v.MayOrder}
	}
	return all
}

// has says whether a service has a program of this name.
func has(seen *live.Seen, program string) bool {
	for i := range seen.Status.Programs {
		if seen.Status.Programs[i].Name == program {
			return true
		}
	}
	return false
}
