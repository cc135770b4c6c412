package service

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/stopcontext"
)

// testHost is a host that reports to nobody and whose stop has the deadline that the test gives it.
func testHost(t *testing.T) (*Host, *stopcontext.Context, *mailbox) {
	t.Helper()
	mail := newMailbox()
	stop := stopcontext.New()
	t.Cleanup(stop.Release)
	return &Host{post: mail.post, stop: stop}, stop, mail
}

func heard[M message](mail *mailbox) bool {
	for _, m := range mail.take() {
		if _, ok := m.(M); ok {
			return true
		}
	}
	return false
}

// TestServeDrains: a request in flight is answered though the stop has begun, and the end is no error.
func TestServeDrains(t *testing.T) {
	h, _, mail := testHost(t)
	l, err := h.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, let := make(chan struct{}), make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-let
		_, _ = io.WriteString(w, "answered")
	})}
	shutdown := make(chan struct{})
	srv.RegisterOnShutdown(func() { close(shutdown) })
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx, srv, l, second) }()

	answer := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://" + second.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		answer <- string(text)
	}()
	<-arrived
	<-mail.wake // Ready comes at about the same time
	if !heard[readyMessage](mail) {
		t.Error("it serves, and isn't ready")
	}
	stop()
	<-shutdown
	select {
	case err := <-served:
		t.Fatalf("Serve returned %v with a request in flight", err)
	default:
	}
	close(let)
	if got := <-answer; got != "answered" {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// fakeServer behaves as the test wants.
type fakeServer struct {
	serve    func() error
	shutdown func(context.Context) error
	closed   bool
}

func (s *fakeServer) Serve(net.Listener) error           { return s.serve() }
func (s *fakeServer) Shutdown(ctx context.Context) error { return s.shutdown(ctx) }
func (s *fakeServer) Close() error                       { s.closed = true; return nil }

func TestServeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, mail := testHost(t)
		broken := errors.New("too many open files")
		gone := make(chan struct{})
		var calls atomic.Int32
		srv := &fakeServer{
			serve: func() error {
				if calls.Add(1) == 1 {
					return broken
				}
				<-gone
				return http.ErrServerClosed
			},
			shutdown: func(context.Context) error { close(gone); return nil },
		}
		err := h.Serve(t.Context(), srv, nil, nil)
		if !errors.Is(err, broken) || errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		if !heard[stopMessage](mail) {
			t.Error("the stop of its own accord wasn't said: it has no deadline")
		}
	})
	h, _, _ := testHost(t)
	if err := h.Serve(t.Context(), &fakeServer{}); err == nil || !strings.Contains(err.Error(), "no listener") {
		t.Errorf("without a listener: %v", err)
	}
}

// TestServeDeadline: what isn't answered by the deadline is closed, and said.
func TestServeDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stopping, _ := testHost(t)
		hang := make(chan struct{})
		srv := &fakeServer{
			serve:    func() error { <-hang; return nil },
			shutdown: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- h.Serve(ctx, srv, nil) }()
		synctest.Wait()
		begin := time.Now()
		stopping.SetDeadline(begin.Add(20 * time.Second))
		stop()
		err := <-served
		if err == nil || !strings.Contains(err.Error(), "not everything in flight was answered") || !srv.closed {
			t.Errorf("Serve: %v, closed: %v", err, srv.closed)
		}
		if took := time.Since(begin); took != 16*time.Second {
			t.Errorf("took %v of 20 s, want four fifths: what comes after it needs some time too", took)
		}
		close(hang)
	})
}
