package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/stopcontext"
	"github.com/daruma-sh/daruma/service/log"
)

// stuckLogs is a slog.Handler whose output has stopped taking anything.
type stuckLogs struct{ never chan struct{} }

func (h stuckLogs) Enabled(context.Context, slog.Level) bool  { return true }
func (h stuckLogs) Handle(context.Context, slog.Record) error { <-h.never; return nil }
func (h stuckLogs) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h stuckLogs) WithGroup(string) slog.Handler             { return h }
func (h stuckLogs) rehearse(t *testing.T, s Service) (r *rehearsal) {
	return rehearseWith(t, s, slog.New(h))
}

// A logger of the service's own may wait for its output, as slog.JSONHandler on a full pipe does.
func TestLoggerThatHangs(t *testing.T) {
	t.Run("an error of a handler", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			h := stuckLogs{never}.rehearse(t, Service{Run: obedient, OnReload: func(context.Context) error { return errors.New("no file") }})
			h.post(controlMessage{control: reloadControl})
			h.post(stopMessage(ReasonStop))
			if err := h.finish(); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("a check that panics", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			h := stuckLogs{never}.rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
				host.Health().Readiness(Check{Name: "broken", Run: func(context.Context) error { panic("broken") }})
				return obedient(ctx, host)
			}})
			time.Sleep(time.Minute) // sleep: virtual time
			h.post(stopMessage(ReasonStop))
			if err := h.finish(); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("a service that ignores its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			h := stuckLogs{never}.rehearse(t, Service{StopTimeout: time.Second, Run: func(ctx context.Context, host *Host) error {
				host.Ready()
				<-never
				return nil
			}})
			h.post(stopMessage(ReasonStop))
			begin := time.Now()
			if err := h.finish(); ExitCode(err) != ExitStopTimeout {
				t.Error(err)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("ended after %v", took)
			}
		})
	})
}

// nilError is what many programs return by accident: a nil pointer as an error.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// The text of an error is code of the service's, too: it runs where its panic is caught.
func TestErrorsThatPanic(t *testing.T) {
	nobody := func() error { var e *nilError; return e }
	t.Run("Run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: func(context.Context, *Host) error { return nobody() }})
			if err := h.finish(); ExitCode(err) != ExitPanicked {
				t.Error(err)
			}
		})
	})
	t.Run("Run's exit code", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: func(context.Context, *Host) error { var e *exec.ExitError; return e }})
			if err := h.finish(); ExitCode(err) != ExitPanicked {
				t.Error(err)
			}
		})
	})
	t.Run("OnReload", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: obedient, OnReload: func(context.Context) error { return nobody() }})
			h.post(controlMessage{control: reloadControl})
			if err := h.finish(); ExitCode(err) != ExitPanicked {
				t.Error(err)
			}
		})
	})
	t.Run("a check", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
				host.Health().Readiness(Check{Name: "nobody", Run: func(context.Context) error { return nobody() }, Threshold: 1})
				return obedient(ctx, host)
			}})
			if report := h.runner.host.health.ReadinessReport(); report.OK || !strings.Contains(report.verbose("readyz"), "panicked") {
				t.Errorf("%v", report)
			}
			h.post(stopMessage(ReasonStop))
			_ = h.finish()
		})
	})
}

// What was cut off is a failure, whoever returns the context's error: `return srv.Shutdown(host.StopContext())`.
func TestUnfinishedAtTheEndOfStopContext(t *testing.T) {
	for name, wait := range map[string]func(context.Context) error{
		"itself": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"derived": func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		},
		"derived when it is over": func(ctx context.Context) error {
			<-ctx.Done()
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
					_ = obedient(ctx, host)
					err := wait(host.StopContext())
					if cause := context.Cause(host.StopContext()); !errors.Is(cause, stopcontext.ErrTimeout) {
						t.Errorf("cause %v", cause)
					}
					return err
				}})
				h.post(stopMessage(ReasonStop))
				if err := h.finish(); !errors.Is(err, context.DeadlineExceeded) || ExitCode(err) != ExitFailed {
					t.Errorf("error %v, code %v", err, ExitCode(err))
				}
			})
		})
	}
}

// StopContext's margin is a part of the time that there is, not of what there would be.
func TestStopContextOfAShortStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			_ = obedient(ctx, host)
			deadline, _ := host.StopContext().Deadline()
			left = time.Until(deadline)
			return nil
		}})
		h.limits[ReasonShutdown] = time.Second
		h.post(stopMessage(ReasonShutdown))
		if err := h.finish(); err != nil {
			t.Error(err)
		}
		if left < 800*time.Millisecond {
			t.Errorf("%v of a second are for the work", left)
		}
	})
}

func TestExtendTimeoutForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.ExtendTimeout(math.MaxInt64)
			<-ctx.Done()
			return nil
		}})
		time.Sleep(time.Hour) // sleep: virtual time
		if h.state() != platform.Starting {
			t.Errorf("is %v", h.state())
		}
		h.post(stopMessage(ReasonStop))
		if err := h.finish(); err != nil {
			t.Error(err)
		}
		for i, hint := range h.platform.hints {
			if hint < 0 || hint > checkpointHint {
				t.Fatalf("report %d has a hint of %v", i, hint)
			}
		}
	})
}

// A service that says more than its host takes in must not fill the memory.
func TestFloodOfWords(t *testing.T) {
	mail := newMailbox()
	host := &Host{post: mail.post}
	for i := range 100_000 {
		host.SetStatus("still " + strings.Repeat("x", i%3))
		host.ExtendTimeout(time.Second)
		host.Ready()
	}
	host.ExtendTimeout(time.Minute)
	host.ExtendTimeout(time.Second)
	host.SetStatus("last")
	host.Stopping()
	all := mail.take()
	if len(all) != 4 {
		t.Fatalf("%d messages wait", len(all))
	}
	if all[0] != statusMessage("last") || all[1] != extendMessage(time.Minute) {
		t.Errorf("what waits: %v", all)
	}
	host.SetStatus("after")
	if all := mail.take(); len(all) != 1 || all[0] != statusMessage("after") {
		t.Errorf("afterwards: %v", all)
	}
}

// systemd passes over a message beyond 4,096 bytes as a whole, what else is in it included.
func TestLongWords(t *testing.T) {
	long := strings.Repeat("ä\n", 1<<20)
	var said []string
	notifier := &platform.Notifier{To: platform.Systemd, Transmit: func(lines ...string) { said = append(said, strings.Join(lines, "\n")) }}
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(Service{Name: "long", Logger: slog.New(slog.DiscardHandler), Run: func(ctx context.Context, host *Host) error {
			host.SetStatus(long)
			host.Health().Liveness(Check{Name: "long", Run: func(context.Context) error { return errors.New(long) }, Threshold: 1})
			return obedient(ctx, host)
		}}.withDefaults(), surroundings{Platform: notifier, environment: EnvSystemd}, newMailbox(), nil)
		r.stderr, r.exit = io.Discard, func(int) {}
		if err := r.run(context.Background()); ExitCode(err) != ExitWatchdog {
			t.Error(err)
		}
	})
	for _, message := range said {
		if len(message) > 2048 {
			t.Errorf("a message of %d bytes: %.60q…", len(message), message)
		}
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, "STATUS=ä") || !strings.Contains(all, "WATCHDOG=trigger") {
		t.Errorf("said %.200q", all)
	}
}

// A service that hangs has many goroutines, often: the reason must not get lost with their stacks.
func TestStacksOfManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		out := &buffer{}
		handler, err := log.NewHandler(log.Options{Output: out, System: log.SystemOff})
		if err != nil {
			t.Fatal(err)
		}
		h := rehearseWith(t, Service{StopTimeout: time.Second, Run: func(_ context.Context, host *Host) error {
			for range 5000 {
				go func() { <-never }()
			}
			host.Ready()
			<-never
			return nil
		}}, slog.New(handler))
		h.post(stopMessage(ReasonStop))
		if err := h.finish(); ExitCode(err) != ExitStopTimeout {
			t.Error(err)
		}
		_ = handler.Close(context.Background())
		if text := out.String(); !strings.Contains(text, "Run hasn't returned") || !strings.Contains(text, "goroutine ") {
			t.Errorf("the log has %d bytes: %.300s", len(text), text)
		}
		if text := h.stderr.String(); !strings.Contains(text, "Run hasn't returned") || len(text) < 1<<20 {
			t.Errorf("stderr has %d bytes", len(text))
		}
	})
}

func TestDurationsWithoutAUnit(t *testing.T) {
	err := Service{Name: "x", Run: obedient, StopTimeout: 30, StartTimeout: 90, Watchdog: 5}.check()
	if err == nil || strings.Count(err.Error(), "time.Second") != 3 {
		t.Error(err)
	}
}

// Reloads that haven't begun are one: a thousand SIGHUPs don't read the configuration a thousand times.
func TestReloadsThatWaitAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.runner.host.Ready()
		for range 100 {
			s.post(controlMessage{control: reloadControl})
		}
		s.pass(nil)
		s.pass(nil)
		s.post(stopMessage(ReasonStop))
		_ = s.finish()
		if got := s.calls(); len(got) != 2 {
			t.Errorf("%d reloads", len(got))
		}
	})
}

// What was logged before the second Ctrl+C is written: it says why somebody pressed it.
func TestSecondInterruptWritesTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drained := false
		r := newRunner(Service{Name: "hasty", Logger: slog.New(slog.DiscardHandler), Run: func(ctx context.Context, host *Host) error {
			_ = obedient(ctx, host)
			time.Sleep(time.Second) // sleep: virtual time
			return nil
		}}.withDefaults(), surroundings{Platform: &fakePlatform{}}, newMailbox(), nil)
		r.drain = func(ctx context.Context) error { drained = true; <-ctx.Done(); return ctx.Err() } // its output hangs
		r.stderr, r.exit = io.Discard, func(int) {}
		r.mail.post(stopMessage(ReasonInterrupt))
		r.mail.post(stopMessage(ReasonInterrupt))
		begin := time.Now()
		if err := r.run(context.Background()); ExitCode(err) != ExitInterrupted || err.Error() != "interrupted twice" {
			t.Error(err)
		}
		if took := time.Since(begin); !drained || took > time.Second/2 {
			t.Errorf("drained: %v, after %v", drained, took)
		}
		time.Sleep(time.Minute) // sleep: virtual time, for Run to return
	})
}
