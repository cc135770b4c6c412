package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// shop answers the requests of customers, of the worker and of whoever wants to see it fall.
type shop struct {
	book     *book
	falls    *falls
	requests *requests
	draining atomic.Bool // /drain was called: no new orders, the end is near
}

func newShop(b *book) *shop { return &shop{book: b, falls: newFalls(), requests: newRequests()} }

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /ready", s.ready)
	mux.HandleFunc("GET /drain", s.drain)
	mux.HandleFunc("POST /orders", s.place)
	mux.HandleFunc("GET /orders", s.list)
	mux.HandleFunc("POST /worker/hello", s.hello)
	mux.HandleFunc("POST /worker/next", s.next)
	mux.HandleFunc("POST /worker/done/{id}", s.done)
	s.falls.routes(mux)
	mux.Handle("GET /metrics", s.requests.metrics())
	return s.requests.measure(mux)
}

// health is what the startup and liveness probes ask: does this process still answer?
func (s *shop) health(w http.ResponseWriter, r *http.Request) {
	if !s.falls.hold(r) {
		return
	}
	io.WriteString(w, "ok\n")
}

// ready is what the readiness probe asks: should customers be sent here now?
func (s *shop) ready(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.draining.Load():
		http.Error(w, "draining: about to stop", http.StatusServiceUnavailable)
	case s.falls.unready():
		http.Error(w, "not ready: somebody called /unready", http.StatusServiceUnavailable)
	default:
		io.WriteString(w, "ready\n")
	}
}

// drain is the preStop hook: from now on new orders are refused, so that none is cut off by the stop.
func (s *shop) drain(w http.ResponseWriter, _ *http.Request) {
	s.draining.Store(true)
	log.Print("draining: no new orders")
	io.WriteString(w, "drained\n")
}

func (s *shop) place(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		http.Error(w, "about to stop: order again in a moment", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
	item := strings.TrimSpace(string(body))
	if err != nil || item == "" {
		http.Error(w, "the body must be the name of what is ordered, at most 4096 bytes", http.StatusBadRequest)
		return
	}
	answer(w, http.StatusCreated)(s.book.place(item))
}

func (s *shop) list(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK)(s.book.all(), nil)
}

// hello is the worker's first word: what its predecessor had in hand when it fell goes back into the queue.
func (s *shop) hello(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK)(s.book.giveBack())
}

func (s *shop) next(w http.ResponseWriter, _ *http.Request) {
	o, err := s.book.take()
	if err == nil && o == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, http.StatusOK)(o, err)
}

func (s *shop) done(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, "the order's number is missing", http.StatusBadRequest)
		return
	}
	answer(w, http.StatusOK)(s.book.finish(id))
}

// answer writes what a method of the book gave as JSON, or its error with a fitting status.
func answer(w http.ResponseWriter, status int) func(any, error) {
	return func(v any, err error) {
		if err != nil {
			code := http.StatusInternalServerError
			if errors.Is(err, errNotTaken) {
				code = http.StatusConflict
			}
			log.Print(err)
			http.Error(w, err.Error(), code)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
}
