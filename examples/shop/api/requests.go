package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// requests measures how long requests take, for Prometheus: the alerts on an application's request rate and its 95th percentile
// (daruma export prometheus-rules) go by this histogram.
type requests struct {
	registry *prometheus.Registry
	seconds  *prometheus.HistogramVec
}

func newRequests() *requests {
	r := &requests{registry: prometheus.NewRegistry()}
	r.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds", Help: "How long requests took.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, // the alert's bound of 0.5 s is one of them
	}, []string{"handler", "code"})
	r.registry.MustRegister(r.seconds, collectors.NewGoCollector())
	return r
}

func (r *requests) metrics() http.Handler {
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{})
}

// measure observes each request under the pattern of its route: paths would be labels without a bound.
func (r *requests) measure(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, pattern := mux.Handler(req)
		answer := &codeWriter{ResponseWriter: w, code: http.StatusOK}
		begin := time.Now()
		mux.ServeHTTP(answer, req)
		r.seconds.WithLabelValues(pattern, strconv.Itoa(answer.code)).Observe(time.Since(begin).Seconds())
	})
}

// codeWriter remembers the status code of an answer.
type codeWriter struct {
	http.ResponseWriter
	code int
}

func (w *codeWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (w *codeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
