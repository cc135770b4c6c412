package metrics

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// atOnce is how many scrapes are answered at a time: each holds a list of all metrics in memory; Prometheus and a person looking are two.
const atOnce = 4

// Server answers GET /metrics in the text format or in OpenMetrics, as the scraper asks, and GET / with a link to it. It takes no body,
// and a client that sends or reads slowly has its time, not more.
func Server(c *Collector) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", newScrape(c))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>daruma</title><p><a href="metrics">Metrics</a></html>`)
	})
	return &http.Server{
		Handler:           noSniff(mux),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// noSniff has browsers take the answers for what they say they are.
func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		next.ServeHTTP(w, r)
	})
}

// texts are those that no scrape uses now: the last one that was given back comes first, so that one is in memory where scrapes follow each other.
type texts struct {
	mu   sync.Mutex
	free []*text
}

func (t *texts) take() *text {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := len(t.free) - 1
	if last < 0 {
		return nil
	}
	one := t.free[last]
	t.free = t.free[:last]
	return one
}

func (t *texts) giveBack(one *text) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, one)
}

// newScrape gives the handler of scrapes.
func newScrape(c *Collector) http.HandlerFunc {
	all := &texts{}
	for range atOnce {
		all.giveBack(&text{})
	}
	return func(w http.ResponseWriter, r *http.Request) {
		t := all.take()
		if t == nil {
			http.Error(w, "too many scrapes at once: try again", http.StatusServiceUnavailable)
			return
		}
		defer all.giveBack(t)
		kind := "text/plain; version=0.0.4; charset=utf-8"
		if t.open = strings.Contains(r.Header.Get("Accept"), "application/openmetrics-text"); t.open {
			kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
		}
		if err := c.fill(r.Context(), t); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		_ = c.write(w, t) // the client that went away is told nothing
	}
}
