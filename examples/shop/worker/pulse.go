package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// pulse answers /health: good while the loop that does the work has been round not long ago.
//
// A health check that only proves that the HTTP server runs would call a stuck worker healthy.
type pulse struct {
	limit time.Duration
	mu    sync.Mutex
	last  time.Time
}

func newPulse(limit time.Duration) *pulse { return &pulse{limit: limit, last: time.Now()} }

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
}

func (p *pulse) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	since := time.Since(p.last)
	p.mu.Unlock()
	if since > p.limit {
		http.Error(w, fmt.Sprintf("stuck: no pulse for %.1f s", since.Seconds()), http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}
