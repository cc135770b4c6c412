package control

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeBackend answers what a test put in; it stands for the supervisor, which has tests of its own.
type fakeBackend struct {
	status  func(context.Context) (Status, error)
	alive   func(context.Context) (string, error)
	command func(context.Context, Command) (Answer, error)
	logs    func(context.Context, LogQuery, func(LogLine) error, func() error) error

	mu  sync.Mutex
	got []Command
}

func (f *fakeBackend) Status(ctx context.Context) (Status, error) {
	if f.status != nil {
		return f.status(ctx)
	}
	return Status{Service: "shop", Programs: []ProgramStatus{{Name: "api", State: StateRunning}}}, nil
}

func (f *fakeBackend) Alive(ctx context.Context) (string, error) {
	if f.alive != nil {
		return f.alive(ctx)
	}
	return "shop", nil
}

func (f *fakeBackend) Command(ctx context.Context, c Command) (Answer, error) {
	f.mu.Lock()
	f.got = append(f.got, c)
	f.mu.Unlock()
	if f.command != nil {
		return f.command(ctx, c)
	}
	return Answer{Results: []ProgramResult{{Program: c.Program, Done: true}}}, nil
}

func (f *fakeBackend) Incidents() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("{\"type\":\"boot\"}\n")), nil
}

func (f *fakeBackend) Logs(ctx context.Context, q LogQuery, each func(LogLine) error, idle func() error) error {
	if f.logs != nil {
		return f.logs(ctx, q, each, idle)
	}
	return each(LogLine{Program: "api", Message: "listening"})
}

func (f *fakeBackend) commands() []Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Command(nil), f.got...)
}

// serve starts a server in a folder of the test's own.
func serve(t *testing.T, b Backend, change func(*limits)) (*Server, *Hub, string) {
	t.Helper()
	lim := defaultLimits()
	if change != nil {
		change(&lim)
	}
	socket := filepath.Join(t.TempDir(), "run", "control.sock")
	hub := NewHub(0)
	s, err := listenWith(socket, b, hub, lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s, hub, socket
}

// within gives a context that ends long after a test should have.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
