package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/live"
)

//go:embed templates
var templates embed.FS

// request is a request of a page.
type request struct {
	*http.Request
	who  session
	lang string
	w    http.ResponseWriter // for cookies; the page writes the rest
}

// reply is what a page answers: a template with its data, or an address to go to.
type reply struct {
	template string
	title    string
	stream   string // the path that keeps it up to date; "": it doesn't change
	data     any
	goTo     string
	status   int // 0: 200
}

// problem is a page that can't be had, in words.
type problem struct {
	status int
	text   string // in English, translated when shown
	detail string // somebody else's words
}

func (p *problem) Error() string { return p.text }

func notFound() error { return &problem{status: http.StatusNotFound, text: "There is no such page."} }

// frame is what the layout shows around a page.
type frame struct {
	Title, Lang, Path, Stream, User string
	In                              bool
	Problem                         string
	Body                            any
}

// page gives the handler of a page for who has at least this role.
func (d *Dashboard) page(need role, make func(*request) (*reply, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, who: d.access.of(hr, d.cookieName(hr)), lang: languageOf(hr), w: w}
		var answer *reply
		var err error
		switch {
		case r.who.role == nobody && need > nobody:
			answer = d.outside()
		case r.who.role < need:
			err = &problem{status: http.StatusForbidden, text: "You may look, and give no orders."}
		default:
			answer, err = make(r)
		}
		if err != nil {
			answer = d.failed(r, err)
		}
		d.write(w, r, answer)
	})
}

// failed makes a page of an error.
func (d *Dashboard) failed(r *request, err error) *reply {
	p := &problem{status: http.StatusInternalServerError, text: "This page can't be made.", detail: err.Error()}
	if known := (*problem)(nil); errors.As(err, &known) {
		p = known
	}
	return &reply{template: "problem.html", title: d.text(r.lang, p.text), status: p.status, data: struct{ Text, Detail string }{d.text(r.lang, p.text), visible(p.detail)}}
}

// write writes the whole page at once: a template that fails leaves no half of one.
func (d *Dashboard) write(w http.ResponseWriter, r *request, answer *reply) {
	w.Header().Set("Vary", "Accept-Language, Cookie")
	if answer.goTo != "" {
		http.Redirect(w, r.Request, answer.goTo, http.StatusSeeOther)
		return
	}
	var body bytes.Buffer
	f := frame{Title: answer.title, Lang: r.lang, Path: r.URL.RequestURI(), Stream: answer.stream, User: visible(r.who.user), In: r.who.role > nobody, Body: answer.data}
	if r.Method != http.MethodGet {
		f.Path = "/"
	}
	if err := d.looks[r.lang].ExecuteTemplate(&body, answer.template, f); err != nil {
		http.Error(w, "this page can't be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", r.lang)
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	_, _ = w.Write(body.Bytes())
}

// parse reads the templates for one language.
func (d *Dashboard) parse(lang string) *template.Template {
	t := template.New("").Funcs(template.FuncMap{
		"t":    func(text string, args ...any) string { return d.text(lang, text, args...) },
		"path": func(parts ...string) string { return pathOf(parts...) },
	})
	return template.Must(t.ParseFS(templates, "templates/*.html"))
}

// piece makes one piece of a page.
func (d *Dashboard) piece(lang, name string, data any) (string, error) {
	var b strings.Builder
	err := d.looks[lang].ExecuteTemplate(&b, name, data)
	return b.String(), err
}

// pathOf joins parts to a path, each escaped.
func pathOf(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// named gives the service that the path names, as it was seen last.
func (d *Dashboard) named(r *request) (live.Seen, *state, error) {
	name := r.PathValue("service")
	names, err := d.options.Services()
	if err != nil {
		return live.Seen{}, nil, err
	}
	if !slices.Contains(names, name) {
		return live.Seen{}, nil, &problem{status: http.StatusNotFound, text: "There is no such service here."}
	}
	s := d.watch.settled(r.Context())
	for i := range s.machine.Services {
		if s.machine.Services[i].Service == name {
			return s.machine.Services[i], s, nil
		}
	}
	return live.Seen{Service: name}, s, nil // it was made a moment ago
}

// hung makes the handler of a page that another part of the observer makes.
func (d *Dashboard) hung(p Page) func(*request) (*reply, error) {
	return func(r *request) (*reply, error) {
		s, _, err := d.named(r)
		if err != nil {
			return nil, err
		}
		body, err := p.Body(r.Context(), d.view(r.lang, s.Service, r.URL.Query()))
		if err != nil {
			return nil, err
		}
		title := d.text(r.lang, p.Title)
		return &reply{template: "hung.html", title: fmt.Sprintf("%s: %s", s.Service, title), data: struct {
			Service, Title string
			Body           template.HTML
		}{s.Service, title, body}}, nil
	}
}

// hungTop is [Dashboard.hung] for a page of all services.
func (d *Dashboard) hungTop(p Page) func(*request) (*reply, error) {
	return func(r *request) (*reply, error) {
		body, err := p.Body(r.Context(), d.view(r.lang, "", r.URL.Query()))
		if err != nil {
			return nil, err
		}
		title := d.text(r.lang, p.Title)
		return &reply{template: "hung.html", title: title, data: struct {
			Service, Title string
			Body           template.HTML
		}{"", title, body}}, nil
	}
}

func (d *Dashboard) view(lang, service string, query url.Values) View {
	return View{Service: service, Language: lang, Query: query, T: func(text string) string { return d.text(lang, text) }}
}
