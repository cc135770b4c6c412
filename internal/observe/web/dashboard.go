package web

import (
	"context"
	"crypto/tls"
	"html/template"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/observe/live"
)

// Options are what a dashboard is made of.
type Options struct {
	Hosts  []string    // host names that a request may be for, without port, in lower case; required
	Secure bool        // browsers come over TLS: the cookie is for that alone
	TLS    *tls.Config // nil: Serve answers without TLS
	Users  []User      // none: who comes in needs a token
	// Proxies are the networks of reverse proxies that are believed when they say who asks (X-Forwarded-For) and that it comes over TLS (X-Forwarded-Proto).
	Proxies []netip.Prefix
	Panels  []Panel // shown in each service's page, in this order
	Pages   []Page
	// Machine are pages of all services together, at /PATH. A link to each stands in the first page.
	Machine []Page

	// Services names the services to show; nil: [folders.Services].
	Services func() ([]string, error)
}

// Panel is a part of each service's page that another part of the observer makes.
type Panel struct {
	Title string // in English; words.zh has the Chinese
	Body  func(ctx context.Context, v View) (template.HTML, error)
}

// Page is a page of each service, or of all together, that another part of the observer makes. A link to it stands in the service's page, or in the first.
type Page struct {
	Path  string // the last part of its path, such as "falls" for /services/shop/falls
	Title string // in English; words.zh has the Chinese
	Body  func(ctx context.Context, v View) (template.HTML, error)
}

// View is what a panel or a page is made for. The stylesheet is static/style.css: the browser obeys no style and no script within a page.
type View struct {
	Service  string                   // "": all of them
	Language string                   // "en" or "zh"
	T        func(text string) string // the text in that language
	Query    url.Values               // of the page's address
}

// Dashboard serves the pages. Make one with [New].
type Dashboard struct {
	options Options
	words   map[string]string // English → Chinese
	looks   map[string]*template.Template
	files   map[string]staticFile
	access  *access
	logins  logins
	watch   *watch
	streams places
	reading chan struct{} // a place for each reading of logs
	orders  orders
	started time.Time
}

const maxReading = 24 // readings of logs at a time, those of streams included

// New gives a dashboard. It looks at nothing before somebody opens a page.
func New(o Options) *Dashboard {
	if o.Services == nil {
		o.Services = folders.Services
	}
	d := &Dashboard{
		options: o,
		access:  newAccess(),
		watch:   newWatch(func() *live.Watcher { return live.NewWatcher(o.Services) }),
		reading: make(chan struct{}, maxReading),
		orders:  orders{give: give},
		started: time.Now(),
	}
	d.words = chinese()
	d.looks = map[string]*template.Template{english: d.parse(english), mandarin: d.parse(mandarin)}
	d.files = staticFiles()
	return d
}

// Token gives a token that lets one browser in, once, with the rights of an operator: in the dashboard. What orders it can give is decided by the
// control sockets, which see the process that serves it. It is good for ten minutes.
func (d *Dashboard) Token(user string) string { return d.access.token(user) }

// Heard gives what a service said a moment ago, while a page is open; false where it didn't. It is to be shared with others in this process who would
// ask it, see observe.Observer.Share.
func (d *Dashboard) Heard(service string) (control.Status, bool) { return d.watch.heard(service) }

// Handler gives the handler of all requests.
func (d *Dashboard) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{name}", d.static)
	mux.Handle("GET /enter", d.page(nobody, d.enter))
	mux.Handle("POST /language", d.page(nobody, d.language))
	mux.Handle("POST /login", d.page(nobody, d.login))
	mux.Handle("POST /leave", d.page(nobody, d.leave))
	mux.Handle("GET /{$}", d.page(viewer, d.overview))
	mux.Handle("GET /stream", d.stream(d.overviewPieces))
	mux.Handle("GET /services/{service}", d.page(viewer, d.service))
	mux.Handle("GET /services/{service}/stream", d.stream(d.servicePieces))
	mux.Handle("GET /services/{service}/logs", d.page(viewer, d.logs))
	mux.Handle("GET /services/{service}/logs/stream", d.stream(d.logLines))
	mux.Handle("GET /services/{service}/order", d.page(operator, d.orderForm))
	mux.Handle("POST /services/{service}/order", d.page(operator, d.order))
	for _, p := range d.options.Pages {
		mux.Handle("GET /services/{service}/"+p.Path, d.page(viewer, d.hung(p)))
	}
	for _, p := range d.options.Machine {
		mux.Handle("GET /"+p.Path, d.page(viewer, d.hungTop(p)))
	}
	mux.Handle("/", d.page(nobody, func(*request) (*reply, error) { return nil, notFound() }))
	return d.guard(mux)
}

// give gives an order to a service's supervisor, with the rights of this process.
func give(ctx context.Context, service string, c control.Command) (control.Answer, error) {
	client, err := control.Dial(service)
	if err != nil {
		return control.Answer{}, err
	}
	return client.Command(ctx, c)
}
