package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
)

// fakeSupervisor answers on a real control socket what a test put in.
type fakeSupervisor struct {
	hub *control.Hub

	mu      sync.Mutex
	status  control.Status
	command func(context.Context, control.Command) (control.Answer, error)
	got     []control.Command
}

func (f *fakeSupervisor) Status(context.Context) (control.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status, nil
}

func (f *fakeSupervisor) Alive(context.Context) (string, error) { return "shop", nil }

func (f *fakeSupervisor) Incidents() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

func (f *fakeSupervisor) Logs(context.Context, control.LogQuery, func(control.LogLine) error, func() error) error {
	return nil
}

func (f *fakeSupervisor) Command(ctx context.Context, c control.Command) (control.Answer, error) {
	f.mu.Lock()
	f.got = append(f.got, c)
	answer := f.command
	f.mu.Unlock()
	return answer(ctx, c)
}

// change changes the status and says so with an event.
func (f *fakeSupervisor) change(e control.Event, to func(*control.Status)) {
	f.mu.Lock()
	st := f.status
	st.Programs = append([]control.ProgramStatus(nil), st.Programs...)
	to(&st)
	f.status = st
	f.mu.Unlock()
	f.hub.Publish(e)
}

func (f *fakeSupervisor) commands() []control.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]control.Command(nil), f.got...)
}

// home puts the folders of all services into the test's own.
func home(t *testing.T) {
	t.Helper()
	t.Setenv("DARUMA_HOME", t.TempDir())
	t.Setenv("SUDO_USER", "")
	t.Setenv("USER", "jo")
}

// known makes the folders of a service that doesn't run.
func known(t *testing.T, name string) folders.Folders {
	t.Helper()
	f, err := folders.Of(name)
	if err == nil {
		err = access.MakeFolders(name, f, access.Strangers)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// supervise makes a service that runs, with these programs.
func supervise(t *testing.T, name string, programs ...control.ProgramStatus) *fakeSupervisor {
	t.Helper()
	f := &fakeSupervisor{
		hub:    control.NewHub(0),
		status: control.Status{Service: name, SupervisorPID: 11, KeeperPID: 10, Programs: programs},
	}
	s, err := control.Listen(known(t, name).Socket(), f, f.hub)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Close(ctx)
	})
	return f
}

// daruma runs a verb and checks its exit code.
func daruma(t *testing.T, code int, args ...string) (out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := Main(args, IO{In: strings.NewReader(""), Out: &o, Err: &e}); got != code {
		t.Fatalf("daruma %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &o, &e)
	}
	return o.String(), e.String()
}

// has fails where text lacks one of the parts.
func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func up(name string) control.ProgramStatus {
	return control.ProgramStatus{
		Name: name, Wanted: true, State: control.StateRunning, Ready: true, Healthy: true, Generation: 1,
		PID: 1234, UptimeSeconds: 11520, MemoryBytes: 24 << 20, Reason: "started with the service",
	}
}
