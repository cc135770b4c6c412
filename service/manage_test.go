package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/daruma-sh/daruma/service/manager"
)

// TestTheCallersContextStopsTheService: with its reason where it has one, and with its values.
func TestTheCallersContextStopsTheService(t *testing.T) {
	type key struct{}
	for name, c := range map[string]struct {
		cause error
		want  Reason
	}{
		"canceled":       {nil, ReasonStop},
		"for a reason":   {ReasonShutdown, ReasonShutdown},
		"with any cause": {errors.New("done"), ReasonStop},
	} {
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
			var cause error
			h := prepare(t, Service{Run: func(ctx context.Context, host *Host) error {
				host.Ready()
				<-ctx.Done()
				cause = context.Cause(ctx)
				if _, bounded := host.StopContext().Deadline(); !bounded {
					t.Errorf("%s: the context ended before the stop had its deadline", name)
				}
				if ctx.Value(key{}) != "value" {
					t.Errorf("%s: the context hasn't the caller's values", name)
				}
				return nil
			}}, nil)
			go func() { h.result <- h.runner.run(parent) }()
			synctest.Wait()
			h.wantSaid("starting", "running")
			cancel(c.cause)
			if err := h.finish(); err != nil || cause != c.want {
				t.Errorf("%s: ended with %v, because of %v, want %v", name, err, cause, c.want)
			}
		})
	}
}

// TestWhatAProgramInstalls: its own command line, which the package adds nothing to.
func TestWhatAProgramInstalls(t *testing.T) {
	s := verbService()
	s.Install.Arguments = []string{"serve", "--port", "80"}
	spec, err := s.ownSpec()
	if err != nil && !strings.Contains(err.Error(), "go build it") { // go test's binary is where go run's would be
		t.Fatal(err)
	}
	if !slices.Equal(spec.Arguments, s.Install.Arguments) || spec.Name != s.Name {
		t.Errorf("%+v", spec)
	}
	s.Name = "a/b"
	if _, err := Install(t.Context(), s); err == nil || !strings.Contains(err.Error(), "a/b") {
		t.Errorf("a service whose name can't be: %v", err)
	}
	s = verbService()
	s.Install.WorkingDir = "relative"
	if err := s.check(); err == nil || !strings.Contains(err.Error(), "WorkingDir") {
		t.Errorf("a relative WorkingDir: %v", err)
	}
}

// TestVerbsWithoutAService: a program can tell a service that isn't installed from one that can't be reached.
func TestVerbsWithoutAService(t *testing.T) {
	s := verbService()
	s.Name = "daruma-test-not-there"
	status, err := Status(t.Context(), s)
	if errors.Is(err, manager.ErrUnsupported) {
		t.Skip("needs a service manager: systemd or the SCM")
	}
	if err != nil || status.State != manager.NotInstalled || status.Up() {
		t.Errorf("%+v, %v", status, err)
	}
	for name, verb := range map[string]func(context.Context, Service) error{"Start": Start, "Stop": Stop, "Restart": Restart,
		"Uninstall": func(ctx context.Context, s Service) error { _, err := Uninstall(ctx, s); return err }} {
		if err := verb(t.Context(), s); !errors.Is(err, manager.ErrNotInstalled) {
			t.Errorf("%s: %v, want manager.ErrNotInstalled", name, err)
		}
	}
}
