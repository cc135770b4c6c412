package web

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
)

// fakeService stands for a supervisor, behind a real control socket.
type fakeService struct {
	name string
	hub  *control.Hub

	mu       sync.Mutex
	programs []control.ProgramStatus
	display  string
	got      []control.Command
	answer   error
}

func (f *fakeService) Status(context.Context) (control.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return control.Status{Service: f.name, DisplayName: f.display, Version: "1.2.3", UptimeSeconds: 90000, Programs: append([]control.ProgramStatus(nil), f.programs...)}, nil
}

func (f *fakeService) Command(_ context.Context, c control.Command) (control.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, c)
	return control.Answer{Results: []control.ProgramResult{{Program: c.Program, Done: true, State: control.StateRunning}}}, f.answer
}

func (f *fakeService) Alive(context.Context) (string, error) { return "shop", nil }

func (f *fakeService) Incidents() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

func (f *fakeService) Logs(context.Context, control.LogQuery, func(control.LogLine) error, func() error) error {
	return nil
}

// change changes what it says, and tells that something happened.
func (f *fakeService) change(what func()) {
	f.mu.Lock()
	what()
	f.mu.Unlock()
	f.hub.Publish(control.Event{Kind: control.EventExited, Program: "api"})
}

// up is a program that is well.
func up(name string) control.ProgramStatus {
	return control.ProgramStatus{Name: name, Wanted: true, State: control.StateRunning, Ready: true, Healthy: true, PID: 4711, Generation: 1, UptimeSeconds: 60,
		CPUSeconds: 1, MemoryBytes: 5 << 20, Processes: 2, OpenFiles: 7}
}

// down is one that waits for its restart.
func down(name, why string) control.ProgramStatus {
	return control.ProgramStatus{Name: name, Wanted: true, State: control.StateBackoff, Reason: why, Healthy: true, Restarts: 3}
}

// serve makes a service with these programs and the log lines of its program api.
func serve(t *testing.T, name, log string, programs ...control.ProgramStatus) *fakeService {
	t.Helper()
	f, err := folders.Of(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{f.State, f.Logs} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(f.Logs, "api.log"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &fakeService{name: name, hub: control.NewHub(0), programs: programs}
	server, err := control.Listen(f.Socket(), s, s.hub)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, end := context.WithTimeout(context.Background(), 5*time.Second)
		defer end()
		_ = server.Close(ctx)
	})
	return s
}

const host = "daruma-test.localhost"

// browser is somebody who came in.
type browser struct {
	t      *testing.T
	server *httptest.Server
	cookie *http.Cookie
}

// open serves a dashboard and comes in with a token.
func open(t *testing.T, o Options) (*Dashboard, *browser) {
	t.Helper()
	if o.Hosts == nil {
		o.Hosts = []string{host}
	}
	d := New(o)
	b := &browser{t: t, server: httptest.NewServer(d.Handler())}
	t.Cleanup(func() {
		b.server.CloseClientConnections()
		b.server.Close()
		d.watch.close()
	})
	answer, _ := b.do(http.MethodGet, "/enter?token="+d.Token("ann"), nil)
	for _, c := range answer.Cookies() {
		b.cookie = c
	}
	if b.cookie == nil {
		t.Fatalf("no cookie: %v", answer.Status)
	}
	return d, b
}

// request makes a request as the browser would.
func (b *browser) request(method, path string, change func(*http.Request), body ...string) *http.Request {
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(strings.Join(body, "&")))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	if change != nil {
		change(r)
	}
	return r
}

// do gives the answer and its body; redirects aren't followed.
func (b *browser) do(method, path string, change func(*http.Request), body ...string) (*http.Response, string) {
	b.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(b.request(method, path, change, body...))
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer, string(text)
}

// page gives a page, which must be there.
func (b *browser) page(path string) string {
	b.t.Helper()
	answer, text := b.do(http.MethodGet, path, nil)
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s\n%s", path, answer.Status, text)
	}
	return text
}

// follow gives the events of a stream: their data by each line of it.
func (b *browser) follow(path string) (next func() map[string]json.RawMessage) {
	b.t.Helper()
	answer, err := http.DefaultClient.Do(b.request(http.MethodGet, path, nil))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("%s: %s", path, answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 4<<20)
	return func() map[string]json.RawMessage {
		b.t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var event map[string]json.RawMessage
				if err := json.Unmarshal([]byte(data), &event); err != nil {
					b.t.Fatal(err)
				}
				return event
			}
		}
		b.t.Fatalf("%s ended: %v", path, lines.Err())
		return nil
	}
}

func wants(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in\n%s", want, text)
		}
	}
}

func wantsNot(t *testing.T, text string, none ...string) {
	t.Helper()
	for _, bad := range none {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in\n%s", bad, text)
		}
	}
}

func decode(t *testing.T, data json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}

// appendLog writes to the log of api.
func appendLog(t *testing.T, service, text string) {
	t.Helper()
	dir, err := folders.Of(service)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir.Logs, "api.log"), os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(text)
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
