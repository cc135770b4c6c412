package live

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// A supervisor that hangs is said to, with what was heard of it last, and no other service waits for it; services that go are forgotten, those
// that come are found, and an event is seen at once.
func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names atomic.Value
		names.Store([]string{"down", "hung", "shop"})
		var hangs atomic.Bool
		var restarts atomic.Int64
		w := NewWatcher(func() ([]string, error) { return names.Load().([]string), nil })
		w.system = func(context.Context, string) string { return "inactive (dead)" }
		happened := make(chan struct{})
		w.follow = func(ctx context.Context, service string, tells chan<- struct{}) {
			for service == "shop" {
				select {
				case <-ctx.Done():
					return
				case <-happened:
					tell(tells)
				}
			}
			<-ctx.Done()
		}
		w.ask = func(ctx context.Context, service string) (control.Status, error) {
			switch {
			case service == "down":
				return control.Status{}, fmt.Errorf("service down is %w", control.ErrNotRunning)
			case service == "hung" && hangs.Load():
				<-ctx.Done()
				return control.Status{}, ctx.Err()
			}
			return control.Status{Service: service, Programs: []control.ProgramStatus{{Name: "api", Restarts: int(restarts.Load())}}}, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()

		until := func(what string, yes func(map[string]Seen) bool) {
			t.Helper()
			for begin := time.Now(); ; {
				all := map[string]Seen{}
				machine, _ := w.Next(t.Context())
				for _, s := range machine.Services {
					all[s.Service] = s
				}
				if yes(all) {
					return
				}
				if time.Since(begin) > time.Minute {
					t.Fatalf("%s: %+v", what, all)
				}
			}
		}
		until("all are seen", func(all map[string]Seen) bool {
			return len(all) == 3 && !all["hung"].Heard.IsZero() && !all["shop"].Heard.IsZero() && all["down"].System == "inactive (dead)"
		})
		hangs.Store(true)
		until("one hangs", func(all map[string]Seen) bool {
			s := all["hung"]
			return errors.Is(s.Err, context.DeadlineExceeded) && len(s.Status.Programs) == 1 && time.Since(s.Heard) > askLimit &&
				time.Since(all["shop"].Heard) < 2*askEvery
		})
		until("it is waited for", func(all map[string]Seen) bool { return !all["hung"].Asked.IsZero() })
		restarts.Store(7)
		begin := time.Now()
		happened <- struct{}{}
		until("an event", func(all map[string]Seen) bool { return all["shop"].Status.Programs[0].Restarts == 7 })
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("it was seen %v after the event", took)
		}
		names.Store([]string{"new"})
		until("others", func(all map[string]Seen) bool { return len(all) == 1 && !all["new"].Heard.IsZero() })
		cancel()
		<-ended
	})
}

// What was heard stays while a supervisor is replaced, and goes where the service ended or lets nobody in.
func TestAfter(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	s := Seen{}.after(control.Status{Programs: make([]control.ProgramStatus, 2)}, nil, noon)
	for _, c := range []struct {
		err  error
		want int
	}{
		{&control.StartingError{Service: "shop"}, 2},
		{context.DeadlineExceeded, 2},
		{control.ErrNotRunning, 0},
		{&control.PermissionError{}, 0},
	} {
		if got := s.after(control.Status{}, c.err, noon); len(got.Status.Programs) != c.want || got.Err != c.err {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
}
