package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/readers"
)

// asAReader opens the server to the test's own user as a reader, and gives a client of the readers' socket.
func asAReader(t *testing.T, s *Server, socket string) *Client {
	t.Helper()
	if changed, err := s.SetReaders(socket, ownSet(t)); !changed || err != nil {
		t.Fatalf("changed %v, %v", changed, err)
	}
	return NewClient(readersSocket(socket))
}

// wantForbidden wants the refusal that says what readers may.
func wantForbidden(t *testing.T, what string, err error) {
	t.Helper()
	var api *APIError
	if !errors.As(err, &api) || api.Status != http.StatusForbidden || !strings.Contains(api.Error(), "no orders") || !strings.Contains(api.Hint, elevate) {
		t.Errorf("%s: a reader is answered %v", what, err)
	}
}

// TestReadersOnlyRead goes over the whole table of routes, with every method: one that isn't marked for readers is forbidden to them, and those
// that are marked change nothing.
func TestReadersOnlyRead(t *testing.T) {
	b := &fakeBackend{}
	s, _, socket := serve(t, b, nil)
	c := asAReader(t, s, socket)
	marked := []string{"/v1/status", "/v1/events", "/v1/incidents", "/v1/logs", "/v1/healthz"}
	for _, known := range s.routes() {
		if known.readers != slices.Contains(marked, known.path) {
			t.Errorf("%s is open to readers: %v", known.path, known.readers)
		}
		if known.readers && known.method != http.MethodGet {
			t.Errorf("%s is open to readers and takes %s", known.path, known.method)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			body := []byte(`{"verb": "stop"}`)
			if method == http.MethodGet {
				body = nil
			}
			path := known.path
			if path == "/v1/events" {
				path += "?follow=false"
			}
			x, err := c.send(within(t), method, path, body)
			if err != nil {
				t.Fatal(err)
			}
			status := x.response.StatusCode
			switch err := x.problem(); {
			case !known.readers:
				wantForbidden(t, method+" "+known.path, err)
			case method == known.method && status != http.StatusOK, method != known.method && status != http.StatusMethodNotAllowed:
				t.Errorf("%s %s: a reader is answered %d %v", method, known.path, status, err)
			}
			x.close()
		}
	}
	for _, verb := range []Verb{VerbStart, VerbStop, VerbRestart, VerbPause, VerbResume, VerbControl, VerbReload} {
		_, err := c.Command(within(t), Command{Verb: verb, Code: 200})
		wantForbidden(t, string(verb), err)
	}
	if got := b.commands(); len(got) > 0 {
		t.Errorf("a reader had %v carried out", got)
	}
	if _, err := NewClient(socket).Command(within(t), Command{Verb: VerbStop}); err != nil {
		t.Errorf("the owner's socket: %v", err)
	}
}

// TestNoRoleNoAnswer: a request that came through no gate gets nothing, not even what readers get.
func TestNoRoleNoAnswer(t *testing.T) {
	s, _, _ := serve(t, &fakeBackend{}, nil)
	for _, known := range s.routes() {
		r, err := http.NewRequest(known.method, known.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := &recorded{header: http.Header{}}
		s.ServeHTTP(w, r)
		if w.status != http.StatusForbidden {
			t.Errorf("%s is answered %d", known.path, w.status)
		}
	}
}

type recorded struct {
	header http.Header
	status int
}

func (w *recorded) Header() http.Header         { return w.header }
func (w *recorded) WriteHeader(status int)      { w.status = status }
func (w *recorded) Write(b []byte) (int, error) { return len(b), nil }

// TestReadersRead: all four, by the client that daruma's own commands use.
func TestReadersRead(t *testing.T) {
	stamp := time.Date(2026, 11, 28, 3, 0, 0, 123_000_000, time.UTC)
	var asked LogQuery
	b := &fakeBackend{logs: func(_ context.Context, q LogQuery, each func(LogLine) error, _ func() error) error {
		asked = q
		return errors.Join(
			each(LogLine{Time: &stamp, Program: "api", Generation: 3, Message: "one"}),
			each(LogLine{Program: "api", Message: "\ufffd", Base64: []byte{0xff}, Partial: true}),
			each(LogLine{Warning: "a damaged file"}))
	}}
	s, hub, socket := serve(t, b, nil)
	hub.Publish(Event{Kind: EventStarted, Program: "api"})
	c := asAReader(t, s, socket)
	if st, err := c.Status(within(t)); err != nil || st.Service != "shop" {
		t.Errorf("status: %+v, %v", st, err)
	}
	if h, err := c.Health(within(t)); err != nil || !h.OK {
		t.Errorf("health: %+v, %v", h, err)
	}
	from, events := uint64(0), 0
	if err := c.Events(within(t), From{Since: &from}, func(Event) error { events++; return nil }); err != nil || events != 1 {
		t.Errorf("events: %d, %v", events, err)
	}
	if record, err := c.Incidents(within(t)); err != nil || string(record) != "{\"type\":\"boot\"}\n" {
		t.Errorf("incidents: %q, %v", record, err)
	}
	query := LogQuery{Program: "api", Last: -1, Since: stamp, Until: stamp.Add(time.Hour), Raw: true}
	var got []string
	err := c.Logs(within(t), query, func(l LogLine) error {
		got = append(got, fmt.Sprintf("%v %s %d %q %v %s", l.Time, l.Program, l.Generation, l.Text(), l.Partial, l.Warning))
		return nil
	})
	want := []string{fmt.Sprintf("%v api 3 \"one\" false ", &stamp), `<nil> api 0 "\xff" true `, `<nil>  0 "" false a damaged file`}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("logs: %q, want %q, %v", got, want, err)
	}
	if asked != query {
		t.Errorf("the backend was asked for %+v, want %+v", asked, query)
	}
}

// TestLogsAreFollowed: lines come when they are written, the stream ends with the server, and that is told.
func TestLogsAreFollowed(t *testing.T) {
	lines := make(chan string)
	b := &fakeBackend{logs: func(ctx context.Context, _ LogQuery, each func(LogLine) error, idle func() error) error {
		for {
			select {
			case text := <-lines:
				if err := errors.Join(each(LogLine{Program: "api", Message: text}), idle()); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}}
	s, _, socket := serve(t, b, func(l *limits) { l.reading = 1 })
	c := asAReader(t, s, socket)
	got, ended := make(chan string), make(chan error, 1)
	go func() {
		ended <- c.Logs(within(t), LogQuery{Follow: true}, func(l LogLine) error { got <- l.Message; return nil })
	}()
	for _, text := range []string{"one", "two"} {
		lines <- text
		if l := <-got; l != text {
			t.Errorf("%q came, want %q", l, text)
		}
	}
	var api *APIError
	if err := c.Logs(within(t), LogQuery{}, func(LogLine) error { return nil }); !errors.As(err, &api) || api.Status != http.StatusServiceUnavailable {
		t.Errorf("one more reading than allowed: %v", err)
	}
	if changed, err := s.SetReaders(socket, readers.Set{}); !changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	if err := <-ended; err == nil {
		t.Error("who isn't a reader any more goes on reading")
	}
	if _, err := c.Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("the readers' socket is closed, and: %v", err)
	}
	if _, err := os.Lstat(readersSocket(socket)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its file is left: %v", err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Errorf("the owner's socket: %v", err)
	}
}

// TestReadersStay: the same readers once more disturb nobody, and a server that ends takes the socket with it.
func TestReadersStay(t *testing.T) {
	s, _, socket := serve(t, &fakeBackend{}, nil)
	c := asAReader(t, s, socket)
	if changed, err := s.SetReaders(socket, ownSet(t)); changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
	if changed, err := s.SetReaders(socket, readers.Set{}); changed || err != nil {
		t.Errorf("a server that has ended: changed %v, %v", changed, err)
	}
}

// TestLogQueries: what the client writes is read as it was meant; anything else is refused in words.
func TestLogQueries(t *testing.T) {
	for _, bad := range []string{"program=a&program=b", "last=many", "since=yesterday", "until=1", "follow=perhaps", "lines=3"} {
		s, _, socket := serve(t, &fakeBackend{}, nil)
		x, err := asAReader(t, s, socket).send(within(t), http.MethodGet, "/v1/logs?"+bad, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.response.StatusCode != http.StatusBadRequest {
			body, _ := io.ReadAll(x.response.Body)
			t.Errorf("%s: %d %s", bad, x.response.StatusCode, body)
		}
		x.close()
	}
}
