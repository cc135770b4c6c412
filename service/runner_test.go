package service

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/stopcontext"
)

func TestCleanStop(t *testing.T) {
	for _, reason := range []Reason{ReasonStop, ReasonShutdown, ReasonPreShutdown, ReasonInterrupt, ReasonTerminate, ReasonConsoleClose, ReasonLogoff} {
		t.Run(reason.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cause error
				h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
					host.Ready()
					<-ctx.Done()
					cause = context.Cause(ctx)
					return ctx.Err()
				}})
				h.post(stopMessage(reason))
				if err := h.finish(); err != nil {
					t.Errorf("Run: %v, want a clean stop", err)
				}
				if !errors.Is(cause, reason) {
					t.Errorf("cause %v, want %v", cause, reason)
				}
				h.wantSaid("starting", "running", "stopping", "ended 0")
				if len(h.exits) != 0 {
					t.Errorf("the process was ended: %v", h.exits)
				}
			})
		})
	}
}

func TestOutcomes(t *testing.T) {
	broken := errors.New("no disk")
	tests := []struct {
		name string
		run  func(context.Context, *Host) error
		code int
		log  string // what the log must hold
	}{
		{"nil without being asked", func(_ context.Context, host *Host) error { host.Ready(); return nil }, ExitOK, ""},
		{"nil before ready", func(context.Context, *Host) error { return nil }, ExitOK, ""},
		{"error", func(context.Context, *Host) error { return broken }, ExitFailed, "no disk"},
		{"error with a code", func(context.Context, *Host) error { return fmt.Errorf("a: %w", WithExitCode(broken, 17)) }, 17, "code=17"},
		{"context error without being asked", func(context.Context, *Host) error { return context.Canceled }, ExitFailed, "context canceled"},
		{"panic", func(context.Context, *Host) error { panic("oh") }, ExitPanicked, "TestOutcomes"},
		{"panic with an error that has a code", func(context.Context, *Host) error { panic(WithExitCode(broken, 17)) }, ExitPanicked, "no disk"},
		{"panic with nil", func(context.Context, *Host) error { panic(any(nil)) }, ExitPanicked, "nil"},
		{"goexit", func(context.Context, *Host) error { runtime.Goexit(); return nil }, ExitFailed, "Goexit"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := rehearse(t, Service{Run: c.run})
				if code := ExitCode(h.finish()); code != c.code {
					t.Errorf("code %d, want %d", code, c.code)
				}
				said := h.platform.all()
				if last := said[len(said)-1]; last != fmt.Sprintf("ended %d", c.code) {
					t.Errorf("last word %q, want ended %d", last, c.code)
				}
				if !strings.Contains(h.log.String(), c.log) || (c.log == "") != (h.log.String() == "") {
					t.Errorf("log %q, want it to hold %q", h.log.String(), c.log)
				}
			})
		})
	}
}

// finalError is a failure that another start doesn't cure.
type finalError struct{}

func (finalError) Error() string   { return "nothing is left to do" }
func (finalError) ExitCode() int   { return 97 }
func (finalError) StaysDown() bool { return true }

func TestFinalFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(context.Context, *Host) error { return fmt.Errorf("a: %w", finalError{}) }})
		if code := ExitCode(h.finish()); code != 97 {
			t.Errorf("code %d", code)
		}
		if said := h.platform.all(); said[len(said)-1] != "ended 97 for good" {
			t.Errorf("last word %q", said[len(said)-1])
		}
	})
}

func TestFailureWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Ready()
			<-ctx.Done()
			return errors.Join(ctx.Err(), errors.New("flush failed"))
		}})
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err == nil || !strings.Contains(err.Error(), "flush failed") {
			t.Errorf("Run: %v, want the failure that is joined to the context's error", err)
		}
	})
}

func TestIgnoredStopIsEndedAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := rehearse(t, Service{StopTimeout: 10 * time.Second, Run: func(_ context.Context, host *Host) error {
			host.Ready()
			<-release
			return nil
		}})
		began := time.Now()
		h.post(stopMessage(ReasonStop))
		err := h.finish()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("ended after %v, want 10s", took)
		}
		if ExitCode(err) != ExitStopTimeout || len(h.exits) != 1 || h.exits[0] != ExitStopTimeout {
			t.Errorf("error %v, exits %v, want %d once", err, h.exits, ExitStopTimeout)
		}
		h.wantSaid("starting", "running", "stopping", "ended 82")
		for where, text := range map[string]string{"stderr": h.stderr.String(), "log": h.log.String()} {
			if !strings.Contains(text, "TestIgnoredStopIsEndedAtTheDeadline") || !strings.Contains(text, "goroutine ") {
				t.Errorf("%s has no stack of Run: %q", where, text)
			}
		}
		close(release)
	})
}

func TestNeverReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(ctx context.Context, _ *Host) error { <-ctx.Done(); return nil }})
		began := time.Now()
		err := h.finish()
		if took := time.Since(began); took != 90*time.Second {
			t.Errorf("ended after %v, want 90s", took)
		}
		if ExitCode(err) != ExitStartTimeout || !strings.Contains(err.Error(), "host.Ready") {
			t.Errorf("error %v, want one that names host.Ready", err)
		}
		if !strings.Contains(h.stderr.String(), "TestNeverReady") {
			t.Errorf("no stacks on stderr: %q", h.stderr.String())
		}
	})
}

// TestCheckpoints: in every pending second the system has a promise that isn't broken.
func TestCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{StopTimeout: 40 * time.Second, Run: func(ctx context.Context, host *Host) error {
			time.Sleep(60 * time.Second)
			host.Ready()
			<-ctx.Done()
			time.Sleep(35 * time.Second)
			return nil
		}})
		time.Sleep(61 * time.Second)
		if h.state() != platform.Running {
			t.Fatalf("state %v after 61 s", h.runner.state)
		}
		h.post(stopMessage(ReasonStop))
		if err := h.finish(); err != nil {
			t.Fatal(err)
		}
		if len(h.platform.times) < 45 {
			t.Errorf("%d reports in 95 pending seconds", len(h.platform.times))
		}
		for i := 1; i < len(h.platform.times); i++ {
			if hint := h.platform.hints[i-1]; hint > 0 && h.platform.times[i].Sub(h.platform.times[i-1]) > hint/2 {
				t.Errorf("report %d came %v after one that promised it within %v", i, h.platform.times[i].Sub(h.platform.times[i-1]), hint)
			}
		}
	})
}

func TestExtendTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{StartTimeout: 5 * time.Second, StopTimeout: 5 * time.Second, Run: func(ctx context.Context, host *Host) error {
			host.ExtendTimeout(20 * time.Second)
			host.ExtendTimeout(time.Second) // nothing is taken away
			time.Sleep(19 * time.Second)
			host.Ready()
			host.ExtendTimeout(time.Hour) // means nothing now
			<-ctx.Done()
			host.ExtendTimeout(30 * time.Second)
			time.Sleep(time.Nanosecond) // the runner's turn
			deadline, ok := host.StopContext().Deadline()
			if left := time.Until(deadline); !ok || left != 30*time.Second-500*time.Millisecond-1 {
				t.Errorf("StopContext ends in %v, want 29.5s", left)
			}
			<-host.StopContext().Done()
			return nil
		}})
		time.Sleep(20 * time.Second)
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Error(err)
		}
		h.wantSaid("starting", "extend 20s", "running", "stopping", "extend 30s", "ended 0")
	})
}

func TestStopContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{StopTimeout: 30 * time.Second, Run: func(ctx context.Context, host *Host) error {
			host.Ready()
			if _, ok := host.StopContext().Deadline(); ok {
				t.Error("a deadline before the stop")
			}
			<-ctx.Done()
			<-host.StopContext().Done()
			if cause := context.Cause(host.StopContext()); !errors.Is(cause, stopcontext.ErrTimeout) {
				t.Errorf("cause %v", cause)
			}
			return nil
		}})
		began := time.Now()
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 28*time.Second {
			t.Errorf("StopContext ended after %v, want 28s", took)
		}
	})
}

// TestShutdownShortens: the machine's limit counts, also for a stop that is under way.
func TestShutdownShortens(t *testing.T) {
	for _, before := range []Reason{0, ReasonStop} {
		synctest.Test(t, func(t *testing.T) {
			h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
				host.Ready()
				<-ctx.Done()
				<-host.StopContext().Done()
				return nil
			}})
			if before != 0 {
				h.post(stopMessage(before))
			}
			began := time.Now()
			h.post(stopMessage(ReasonShutdown))
			if err := h.finish(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took != 3600*time.Millisecond { // 4 s less the margin
				t.Errorf("after %v: took %v, want 3.6s", before, took)
			}
		})
	}
}

func TestSecondInterruptEndsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := rehearse(t, Service{Run: func(_ context.Context, host *Host) error { host.Ready(); <-release; return nil }})
		h.post(stopMessage(ReasonTerminate))
		h.post(stopMessage(ReasonInterrupt))
		if len(h.exits) != 0 {
			t.Fatalf("the first Ctrl+C ended the process: %v", h.exits)
		}
		h.post(stopMessage(ReasonInterrupt))
		if err := h.finish(); ExitCode(err) != ExitInterrupted || len(h.exits) != 1 || h.exits[0] != 130 {
			t.Errorf("error %v, exits %v, want 130", err, h.exits)
		}
		close(release)
	})
}

func TestStoppingBySelf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Ready()
			host.SetStatus("two\nlines")
			host.Stopping()
			<-ctx.Done()
			return context.Cause(ctx)
		}})
		if err := h.finish(); err != nil {
			t.Error(err)
		}
		h.wantSaid("starting", "running", "status two lines", "stopping", "ended 0")
	})
}

func TestWatchdogExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := rehearse(t, Service{Run: func(_ context.Context, host *Host) error {
			host.Ready()
			host.Heartbeat()
			host.hung("no heartbeat for 10s")
			<-release
			return nil
		}})
		if err := h.finish(); ExitCode(err) != ExitWatchdog || !strings.Contains(h.log.String(), "no heartbeat") {
			t.Errorf("error %v, log %q", err, h.log.String())
		}
		close(release)
	})
}

// TestNothingStays: attendants are waited for, and messages after the end are dropped.
func TestNothingStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := false
		var kept *Host
		h := rehearse(t, Service{Run: func(_ context.Context, host *Host) error {
			kept = host
			host.attend(func(ctx context.Context) { <-ctx.Done(); time.Sleep(time.Second); gone = true })
			return nil
		}})
		if err := h.finish(); err != nil || !gone {
			t.Errorf("error %v, attendant gone %v", err, gone)
		}
		kept.Ready()
		kept.SetStatus("late")
		kept.ExtendTimeout(time.Hour)
		h.wantSaid("starting", "stopping", "ended 0")
	})
}
