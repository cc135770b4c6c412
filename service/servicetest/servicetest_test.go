package servicetest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service"
	"github.com/daruma-sh/daruma/service/servicetest"
)

// TestLife: what a test of a service looks like.
func TestLife(t *testing.T) {
	var cause error
	level := "info"
	s := servicetest.Start(t, service.Service{
		Name: "life",
		Run: func(ctx context.Context, host *service.Host) error {
			host.SetStatus("listening with " + strings.Join(host.Arguments(), " "))
			host.Ready()
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil
		},
		OnReload: func(context.Context) error { level = "debug"; return errors.New("half of it") },
	}, "--port", "0")
	s.Ready()
	if s.Status() != "listening with --port 0" {
		t.Errorf("status %q", s.Status())
	}
	if err := s.Reload(); err == nil || err.Error() != "half of it" || level != "debug" {
		t.Errorf("reload: %v, level %s", err, level)
	}
	if err := s.Stop(service.ReasonShutdown); err != nil || cause != service.ReasonShutdown {
		t.Errorf("%v; stopped because of %v", err, cause)
	}
}

// TestServer: over the network, as the service is used.
func TestServer(t *testing.T) {
	address := make(chan string, 1)
	s := servicetest.Start(t, service.Service{Name: "server", Run: func(ctx context.Context, host *service.Host) error {
		l, err := host.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		address <- l.Addr().String()
		return host.Serve(ctx, &http.Server{Handler: http.NotFoundHandler()}, l)
	}})
	s.Ready()
	answer, err := http.Get("http://" + <-address)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("%v, %s", err, answer.Status)
	}
} // it is stopped by itself

// TestFailures: what would end the process is an error.
func TestFailures(t *testing.T) {
	wait := func(ctx context.Context, host *service.Host) error { host.Ready(); <-ctx.Done(); return nil }
	release := make(chan struct{})
	for name, c := range map[string]struct {
		service service.Service
		code    int
	}{
		"an error":     {service.Service{Run: func(context.Context, *service.Host) error { return service.WithExitCode(errors.New("no"), 17) }}, 17},
		"a panic":      {service.Service{Run: func(context.Context, *service.Host) error { panic("no") }}, service.ExitPanicked},
		"never ready":  {service.Service{Run: func(ctx context.Context, _ *service.Host) error { <-ctx.Done(); return nil }}, service.ExitStartTimeout},
		"no heartbeat": {service.Service{Run: func(ctx context.Context, host *service.Host) error { host.Heartbeat(); return wait(ctx, host) }}, service.ExitWatchdog},
		"too long a stop": {service.Service{Run: func(_ context.Context, host *service.Host) error {
			host.Ready()
			host.Stopping()
			<-release // it doesn't watch its context
			return nil
		}}, service.ExitStopTimeout},
	} {
		c.service.Name = "failing"
		synctest.Test(t, func(t *testing.T) {
			release = make(chan struct{})
			defer close(release)
			begin := time.Now()
			s := servicetest.Start(t, c.service)
			if err := s.Wait(); service.ExitCode(err) != c.code {
				t.Errorf("%s: %v after %v, exit code %d, want %d", name, err, time.Since(begin), service.ExitCode(err), c.code)
			}
		})
	}
}

// TestWrongUse fails the test that is wrong: shown by a test of its own.
func TestWrongUse(t *testing.T) {
	idle := func(ctx context.Context, host *service.Host) error { host.Ready(); <-ctx.Done(); return nil }
	for name, wrong := range map[string]func(*recorder){
		"no name": func(r *recorder) { servicetest.Start(r, service.Service{Run: idle}) },
		"ended before it was ready": func(r *recorder) {
			servicetest.Start(r, service.Service{Name: "x", Run: func(context.Context, *service.Host) error { return nil }}).Ready()
		},
		"no OnReload": func(r *recorder) {
			s := servicetest.Start(r, service.Service{Name: "x", Run: idle})
			s.Ready()
			_ = s.Reload()
		},
		"an error that nobody took": func(r *recorder) {
			servicetest.Start(r, service.Service{Name: "x", Run: func(ctx context.Context, host *service.Host) error {
				_ = idle(ctx, host)
				return errors.New("not flushed")
			}}).Ready()
		},
	} {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() { // Fatal ends its goroutine
			defer close(done)
			defer func() {
				for _, f := range r.cleanups {
					f()
				}
			}()
			wrong(r)
		}()
		<-done
		if !r.failed {
			t.Errorf("%s: the test passes", name)
		}
	}
}
