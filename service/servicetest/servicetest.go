// Package servicetest runs a whole service in a test:
//
//	func TestService(t *testing.T) {
//		s := servicetest.Start(t, newService(), "--port", "0")
//		s.Ready()
//		// … use it …
//		if err := s.Stop(service.ReasonShutdown); err != nil {
//			t.Error(err)
//		}
//	}
//
// The service runs as under a service manager, with all its times and rules: it must become ready within StartTimeout and stop within
// StopTimeout, a panic of its own is an error, a missing heartbeat its end. But it takes no signals, reads nothing of the surroundings (systemd,
// daruma, the Service Control Manager), and never ends the process: where that would be ended, the test has the error. It works in a bubble of
// testing/synctest, where a StopTimeout of 30 s is over at once.
//
// A function that takes a Host and doesn't wait for anything needs less: &service.Host{} will do.
package servicetest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service"
	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/standin"
)

// Service is a service that runs in a test. Its methods may be called from any goroutine, those that may fail the test from the test's own.
type Service struct {
	t      testing.TB
	cancel context.CancelCauseFunc
	reload func()
	ready  chan struct{} // closed when the service has reported that it runs
	ended  chan struct{} // closed when service.Run has returned; err is set then
	err    error

	mu       sync.Mutex
	once     sync.Once // closes ready
	status   string
	reloaded chan struct{} // closed when the reload that Reload waits for is done; nil: none waits
	result   error         // of OnReload
	asked    bool          // for the error: it need not be reported at the end
}

// Start runs s, with arguments as Host.Arguments gives them. Where s has no Logger, its log is the test's output. At the end of the test the
// service is stopped, if it still runs; an error that it ends with, and that neither Stop nor Wait has given, fails the test.
func Start(t testing.TB, s service.Service, arguments ...string) *Service {
	t.Helper()
	if s.Logger == nil {
		s.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	running := &Service{t: t, ready: make(chan struct{}), ended: make(chan struct{})}
	s.OnReload = running.noteReload(s.OnReload)
	connected := make(chan struct{})
	ctx := standin.With(context.WithoutCancel(t.Context()), &standin.Manager{
		Platform:  (*reports)(running),
		Connected: func(reload func()) { running.reload = reload; close(connected) },
		Exit:      func(int) {},
		Stderr:    t.Output(),
	})
	ctx, running.cancel = context.WithCancelCause(ctx)
	go func() {
		defer close(running.ended)
		running.err = service.Run(ctx, s, arguments)
	}()
	select {
	case <-connected:
	case <-running.ended:
		t.Fatalf("the service didn't start: %v", running.err)
	}
	t.Cleanup(func() {
		running.cancel(service.ReasonStop)
		<-running.ended
		running.mu.Lock()
		defer running.mu.Unlock()
		if running.err != nil && !running.asked {
			t.Errorf("the service failed: %v", running.err)
		}
	})
	return running
}

// Ready waits until the service has called Host.Ready. It fails the test where the service ends before that.
func (s *Service) Ready() {
	s.t.Helper()
	select {
	case <-s.ready:
	case <-s.ended:
		s.t.Fatalf("the service ended before it was ready: %v", s.Wait())
	}
}

// Status is the text that the service gave to Host.SetStatus last.
func (s *Service) Status() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// errReloadPanicked is what Reload gives where OnReload doesn't return.
var errReloadPanicked = errors.New("OnReload panicked")

// noteReload is a service's OnReload that keeps its result for Reload.
func (s *Service) noteReload(reload func(context.Context) error) func(context.Context) error {
	if reload == nil {
		return nil
	}
	keep := func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.result = err
	}
	return func(ctx context.Context) error {
		keep(errReloadPanicked)
		err := reload(ctx)
		keep(err)
		return err
	}
}

// Reload asks the service to read its configuration again, waits until OnReload has returned, and gives its error. It fails the test where the
// service has no OnReload, isn't ready, or ends meanwhile.
func (s *Service) Reload() error {
	s.t.Helper()
	select {
	case <-s.ready:
	default:
		s.t.Fatal("Reload: the service isn't ready: call Ready first")
	}
	if s.reload == nil {
		s.t.Fatal("Reload: the service has no OnReload")
	}
	done := make(chan struct{})
	s.mu.Lock()
	s.reloaded = done
	s.mu.Unlock()
	s.reload()
	select {
	case <-done:
	case <-s.ended:
		s.t.Fatalf("Reload: the service ended: %v", s.Wait())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.result
}

// Stop asks the service to stop, for that reason, waits until it has ended, and gives its error.
func (s *Service) Stop(reason service.Reason) error {
	s.cancel(reason)
	return s.Wait()
}

// Wait waits until the service has ended by itself, and gives its error: that of Service.Run, or what would have ended the process.
func (s *Service) Wait() error {
	<-s.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = true
	return s.err
}

// reports is a Service as a platform: it takes what the service reports.
type reports Service

func (r *reports) Report(now platform.Situation) {
	if now.State == platform.Running {
		r.once.Do(func() { close(r.ready) })
	}
}

func (r *reports) Status(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = text
}

func (r *reports) Reloaded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reloaded != nil {
		close(r.reloaded)
		r.reloaded = nil
	}
}

func (r *reports) Reloading()             {}
func (r *reports) Extend(time.Duration)   {}
func (r *reports) Beat()                  {}
func (r *reports) Send(...string)         {}
func (r *reports) Ended(platform.Outcome) {}
