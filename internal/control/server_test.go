package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestClientAndServer(t *testing.T) {
	code := 0
	b := &fakeBackend{command: func(_ context.Context, c Command) (Answer, error) {
		return Answer{Results: []ProgramResult{{
			Program: c.Program, Done: true, State: StateStopped, Generation: 3, PID: 0,
			EndedBy: EndedSignal, Signal: "SIGTERM", ExitCode: &code, TookMs: 12.5,
		}}}, nil
	}}
	_, hub, socket := serve(t, b, nil)
	c, ctx := NewClient(socket), within(t)

	hub.Publish(Event{Kind: EventStarted})
	st, err := c.Status(ctx)
	if err != nil || st.Service != "shop" || st.EventSeq != 1 || len(st.Programs) != 1 {
		t.Fatalf("status %+v, %v", st, err)
	}
	if h, err := c.Health(ctx); err != nil || !h.OK || h.Service != "shop" || h.PID == 0 {
		t.Fatalf("health %+v, %v", h, err)
	}
	grace := 0.25
	a, err := c.Command(ctx, Command{Verb: VerbStop, Program: "api", GraceSeconds: &grace, Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if r := a.Results[0]; r.Program != "api" || r.EndedBy != EndedSignal || *r.ExitCode != 0 || r.TookMs != 12.5 {
		t.Fatalf("answer %+v", r)
	}
	got := b.commands()
	if len(got) != 1 || got[0].Verb != VerbStop || *got[0].GraceSeconds != 0.25 || got[0].Reason != "test" {
		t.Fatalf("the backend was told %+v", got)
	}
}

func TestErrorsOfTheBackend(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{&UnknownProgramError{Program: "ap", Known: []string{"api", "worker"}}, 404, `no program "ap"; the service has api, worker`},
		{fmt.Errorf("program: %w", &ConflictError{Reason: "it is being removed"}), 409, "it is being removed"},
		{errors.New("the keeper is gone"), 500, "the keeper is gone"},
	} {
		b := &fakeBackend{command: func(context.Context, Command) (Answer, error) { return Answer{}, c.err }}
		_, _, socket := serve(t, b, nil)
		_, err := NewClient(socket).Command(within(t), Command{Verb: VerbStart, Program: "ap"})
		var api *APIError
		if !errors.As(err, &api) || api.Status != c.status || !strings.Contains(api.Problem.Error, c.want) || api.Hint == "" {
			t.Errorf("%v became %+v", c.err, err)
		}
	}
}

func TestReloadRefused(t *testing.T) {
	want := []string{"daruma.yaml:3:1: programs.api.command: is missing", "daruma.yaml:9:5: name: is empty"}
	b := &fakeBackend{command: func(context.Context, Command) (Answer, error) { return Answer{Errors: want}, nil }}
	_, _, socket := serve(t, b, nil)
	_, err := NewClient(socket).Command(within(t), Command{Verb: VerbReload})
	var api *APIError
	if !errors.As(err, &api) || api.Status != 422 || strings.Join(api.Errors, "|") != strings.Join(want, "|") {
		t.Fatalf("%+v", err)
	}
}

func TestSupervisorThatHangs(t *testing.T) {
	b := &fakeBackend{status: func(ctx context.Context) (Status, error) {
		<-ctx.Done()
		return Status{}, ctx.Err()
	}, alive: func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}}
	_, _, socket := serve(t, b, func(l *limits) { l.status = 20 * time.Millisecond })
	var api *APIError
	if _, err := NewClient(socket).Status(within(t)); !errors.As(err, &api) || api.Status != 504 {
		t.Fatalf("status: %v", err)
	}
	if _, err := NewClient(socket).Health(within(t)); !errors.As(err, &api) || api.Status != 503 {
		t.Fatalf("health: %v", err)
	}
}

// Whether the supervisor works is answered without a status, which reads files of each program.
func TestHealthTakesNoStatus(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{status: func(context.Context) (Status, error) {
		t.Error("the whole status was asked for")
		return Status{Service: "shop"}, nil
	}}, nil)
	if h, err := NewClient(socket).Health(within(t)); err != nil || !h.OK || h.Service != "shop" {
		t.Errorf("%+v, %v", h, err)
	}
}

// The backend hears that a client has hung up, and the client gets its context's error.
func TestClientGivesUp(t *testing.T) {
	arrived, left := make(chan struct{}), make(chan struct{})
	b := &fakeBackend{command: func(ctx context.Context, _ Command) (Answer, error) {
		close(arrived)
		<-ctx.Done()
		close(left)
		return Answer{}, ctx.Err()
	}}
	_, _, socket := serve(t, b, func(l *limits) { l.header, l.body = 50*time.Millisecond, 50*time.Millisecond })
	ctx, cancel := context.WithCancel(within(t))
	go func() {
		<-arrived
		time.AfterFunc(200*time.Millisecond, cancel) // longer than the read limits: they mustn't end a command
	}()
	begin := time.Now()
	if _, err := NewClient(socket).Command(ctx, Command{Verb: VerbStop}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Fatalf("the command ended after %v, before the client gave up", took)
	}
	<-left
}

func TestBadRequests(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{}, nil)
	_, _, impatient := serve(t, &fakeBackend{}, func(l *limits) { l.body = 100 * time.Millisecond }) // a busy machine may take that long for a body that comes
	post := "POST /v1/command HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
	body := func(s string) string { return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", post, len(s), s) }
	for name, c := range map[string]struct {
		request string
		status  int
		want    string
	}{
		"unknown path":       {"GET /v2/status HTTP/1.1\r\nHost: d\r\n\r\n", 404, "/v2/status"},
		"root":               {"GET / HTTP/1.1\r\nHost: d\r\n\r\n", 404, "here"},
		"status by POST":     {"POST /v1/status HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n", 405, "doesn't take POST"},
		"command by GET":     {"GET /v1/command HTTP/1.1\r\nHost: d\r\n\r\n", 405, "doesn't take GET"},
		"events by DELETE":   {"DELETE /v1/events HTTP/1.1\r\nHost: d\r\n\r\n", 405, "doesn't take DELETE"},
		"no content type":    {"POST /v1/command HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}", 415, "the body is"},
		"a form":             {strings.Replace(body("{}"), "application/json", "application/x-www-form-urlencoded", 1), 415, "form"},
		"with a charset":     {strings.Replace(body(`{"verb":"pause"}`), "application/json", "application/json; charset=utf-8", 1), 200, "results"},
		"empty body":         {body(""), 400, "ends in the middle"},
		"half an object":     {body(`{"verb":`), 400, "ends in the middle"},
		"not JSON":           {body("verb=stop"), 400, "not JSON"},
		"unknown field":      {body(`{"verb":"stop","force":true}`), 400, `no field \"force\"`},
		"unknown verb":       {body(`{"verb":"explode"}`), 400, "explode"},
		"trailing data":      {body(`{"verb":"stop"}{}`), 400, "something follows"},
		"64 KiB and one":     {body(`{"reason":"` + strings.Repeat("x", maxBody-12+1) + `"}`), 413, "longer than 65536"},
		"endless chunks":     {post + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("2000\r\n"+strings.Repeat(" ", 0x2000)+"\r\n", 9) + "0\r\n\r\n", 413, "longer"},
		"body never comes":   {post + "Content-Length: 50\r\n\r\n{\"verb\":", 408, "within"},
		"since is no number": {"GET /v1/events?since=x HTTP/1.1\r\nHost: d\r\n\r\n", 400, "since"},
		"since is negative":  {"GET /v1/events?since=-1 HTTP/1.1\r\nHost: d\r\n\r\n", 400, "since"},
		"since twice":        {"GET /v1/events?since=1&since=2 HTTP/1.1\r\nHost: d\r\n\r\n", 400, "2 times"},
		"follow is no bool":  {"GET /v1/events?follow=maybe HTTP/1.1\r\nHost: d\r\n\r\n", 400, "follow"},
		"unknown parameter":  {"GET /v1/events?program=api HTTP/1.1\r\nHost: d\r\n\r\n", 400, "program"},
	} {
		t.Run(name, func(t *testing.T) {
			server := socket
			if c.status == http.StatusRequestTimeout {
				server = impatient
			}
			response := exchangeRaw(t, server, c.request)
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || !strings.Contains(string(text), c.want) {
				t.Fatalf("got %d %s, want %d with %q", response.StatusCode, text, c.status, c.want)
			}
			if kind := response.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("the answer is %q", kind)
			}
			var p Problem
			if err := json.Unmarshal(text, &p); err != nil || c.status != 200 && (p.Error == "" || p.Hint == "") {
				t.Errorf("%s: %+v, %v", text, p, err)
			}
		})
	}
}

// What is no HTTP is refused by net/http itself, in plain text.
func TestNoHTTP(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{}, nil)
	for request, status := range map[string]int{
		"GET /v1/status HTTP/1.1\r\nHost: d\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n": 431,
		"\x16\x03\x01\x02\x00 tls?\r\n\r\n": 400,
	} {
		if response := exchangeRaw(t, socket, request); response.StatusCode != status {
			t.Errorf("%.20q got %d, want %d", request, response.StatusCode, status)
		}
	}
}

// exchangeRaw sends bytes as they are and reads one answer.
func exchangeRaw(t *testing.T, socket, request string) *http.Response {
	t.Helper()
	conn := connect(t, socket)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func connect(t *testing.T, socket string) net.Conn {
	t.Helper()
	conn, err := dial(within(t), socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// A response in flight is finished by Close; a request that never gets whole doesn't hold it up.
func TestCloseFinishesAnswers(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	b := &fakeBackend{command: func(context.Context, Command) (Answer, error) {
		close(arrived)
		<-release
		return Answer{Results: []ProgramResult{{Program: "api", Done: true}}}, nil
	}}
	s, _, socket := serve(t, b, nil)
	half := connect(t, socket)
	if _, err := io.WriteString(half, "GET /v1/st"); err != nil {
		t.Fatal(err)
	}
	answered, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		a, err := NewClient(socket).Command(within(t), Command{Verb: VerbStop})
		if err == nil && len(a.Results) != 1 {
			err = fmt.Errorf("%+v", a)
		}
		answered <- err
	}()
	<-arrived
	go func() { closed <- s.Close(within(t)) }()
	if _, err := half.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && err == nil {
		t.Fatalf("the half request got %v, want it closed", err)
	}
	close(release)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Fatalf("after Close: %v", err)
	}
}
