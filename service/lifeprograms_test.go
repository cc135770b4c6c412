package service

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// lifeProgram makes s one of the services that only a real service manager is shown with; false where there is no such.
func lifeProgram(s *Service, program string, note func(string, ...any)) bool {
	switch program {
	case "deafer": // asks for more time than the service manager was told of, and ignores the stop all the same
		s.StopTimeout = time.Second
		s.Run = func(ctx context.Context, host *Host) error {
			host.Ready()
			<-ctx.Done()
			host.ExtendTimeout(platform.Grace + 2*time.Second)
			note("extended")
			deafTo(time.Hour)
			return nil
		}
	case "deadlock":
		s.Watchdog = time.Second
		s.Run = func(_ context.Context, host *Host) error {
			host.Heartbeat()
			host.Ready()
			deadlocked()
			return nil
		}
	case "hungcheck":
		s.Run = func(ctx context.Context, host *Host) error {
			host.Health().Liveness(Check{Name: "database", Run: hangsFor(time.Hour), Every: 100 * time.Millisecond, Timeout: 100 * time.Millisecond})
			host.Ready()
			<-ctx.Done()
			return nil
		}
	case "crash":
		s.Run = func(ctx context.Context, host *Host) error {
			host.Ready()
			wait(ctx, 500*time.Millisecond) // while it runs: "exit" is for a start
			go func() { panic("nobody catches me") }()
			<-ctx.Done()
			return nil
		}
	case "exit":
		s.Run = func(context.Context, *Host) error { os.Exit(7); return nil }
	case "again": // fails each time it has become ready
		s.Install.RestartPolicy, s.Install.RestartDelays = RestartOnFailure, []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 1200 * time.Millisecond}
		s.Run = func(_ context.Context, host *Host) error {
			note("begins %d", time.Now().UnixMilli())
			host.Ready()
			return errors.New("once more")
		}
	case "once": // has recovery, but needs none
		s.Install.RestartPolicy, s.Install.RestartDelays = RestartOnFailure, []time.Duration{10 * time.Millisecond}
		s.Run = func(_ context.Context, host *Host) error { note("begins"); host.Ready(); return nil }
	case "survivor": // comes back whatever happens to it
		s.Install.RestartPolicy, s.Install.RestartDelays = RestartOnFailure, []time.Duration{100 * time.Millisecond}
	case "starting":
		s.Run = func(ctx context.Context, _ *Host) error {
			note("starting")
			<-ctx.Done()
			note("cause: %v", context.Cause(ctx))
			return nil
		}
	case "stopping":
		run := s.Run
		s.Run = func(ctx context.Context, host *Host) error {
			err := run(ctx, host)
			wait(context.Background(), 4*time.Second)
			note("stopped in good order")
			return err
		}
	default:
		return false
	}
	return true
}

// deadlocked waits for itself.
func deadlocked() {
	var mu sync.Mutex
	mu.Lock()
	mu.Lock()
}

// hangsFor is a check that doesn't watch its context.
func hangsFor(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		<-time.After(d)
		return nil
	}
}
