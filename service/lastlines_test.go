package service

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/closer"
	"github.com/daruma-sh/daruma/service/log"
	"github.com/daruma-sh/daruma/service/winevent"
)

// slowOutput takes a while for each write, as a network file system or a serial console does.
type slowOutput struct{ f *os.File }

func (s slowOutput) Write(p []byte) (int, error) {
	time.Sleep(5 * time.Millisecond) // sleep: the slowness is what is tested
	return s.f.Write(p)
}

// TestLastLinesOfOwnLogger: what a service's own logger, or slog's default one, still holds is written before the process ends, by
// os.Exit too.
func TestLastLinesOfOwnLogger(t *testing.T) {
	const lines = 21
	if how := os.Getenv("LAST_LINES"); how != "" {
		handler, err := log.NewHandler(log.Options{Output: slowOutput{os.Stderr}, System: log.SystemOff})
		if err != nil {
			t.Fatal(err)
		}
		s := Service{Name: "last", Run: func(_ context.Context, host *Host) error {
			host.Ready()
			for i := range lines {
				slog.New(handler).Info("line", "number", i)
			}
			return errors.New("broken")
		}}
		if how == "default" {
			slog.SetDefault(slog.New(handler))
		} else {
			s.Logger = slog.New(handler)
		}
		os.Args = os.Args[:1]
		Main(s)
		t.Fatal("Main returned")
	}
	for _, how := range []string{"own", "default"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLastLinesOfOwnLogger$")
		cmd.Env = append(os.Environ(), "LAST_LINES="+how)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != ExitFailed {
			t.Errorf("%s: %v", how, err)
		}
		if n := strings.Count(string(out), `"msg":"line"`); n != lines {
			t.Errorf("%s: %d lines of %d:\n%s", how, n, lines, out)
		}
	}
}

// TestServerThatWasShutDown: `return srv.ListenAndServe()` is no failure at a stop, and is one before.
func TestServerThatWasShutDown(t *testing.T) {
	accept := &net.OpError{Op: "accept", Net: "tcp", Err: net.ErrClosed}
	for _, result := range []error{http.ErrServerClosed, fmt.Errorf("web: %w", http.ErrServerClosed), accept, errors.Join(http.ErrServerClosed, accept)} {
		for _, asked := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
					host.Ready()
					if asked {
						<-ctx.Done()
					}
					return result
				}})
				if asked {
					h.post(stopMessage(ReasonTerminate))
				}
				if err := h.finish(); (err == nil) != asked {
					t.Errorf("%v, asked %v: %v; log %s", result, asked, err, h.log)
				}
			})
		}
	}
	synctest.Test(t, func(t *testing.T) { // what was to be written isn't
		h := rehearse(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Ready()
			<-ctx.Done()
			return &net.OpError{Op: "write", Net: "tcp", Err: net.ErrClosed}
		}})
		h.post(stopMessage(ReasonTerminate))
		if err := h.finish(); err == nil {
			t.Error("a write that failed is no failure")
		}
	})
}

// TestHelpIsNoFailure: package flag has shown the options already.
func TestHelpIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := rehearse(t, Service{Run: func(context.Context, *Host) error { return fmt.Errorf("options: %w", flag.ErrHelp) }})
		if err := h.finish(); err != nil || h.log.String() != "" {
			t.Errorf("%v; log %s", err, h.log)
		}
	})
}

// TestTextForEnumerations: in JSON, and so in logs, they are words.
func TestTextForEnumerations(t *testing.T) {
	for want, value := range map[string]any{"drain": closer.PhaseDrain, "left behind": closer.OutcomeLeftBehind, "interrupted (Ctrl+C)": ReasonInterrupt, "systemd": EnvSystemd,
		"suspend": winevent.PowerSuspend, "logon": winevent.SessionLogon} {
		if got, err := json.Marshal(value); err != nil || string(got) != `"`+want+`"` {
			t.Errorf("%T: %s, %v; want %q", value, got, err, want)
		}
	}
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("closed", "report", closer.Report{Took: 20100 * time.Millisecond})
	if !strings.Contains(out.String(), `"took":"20.1s"`) {
		t.Errorf("the log has %s", out.String())
	}
}

// TestAtATerminal: who tries a service out sees that it runs, how to stop it, and that Ctrl+C has arrived.
func TestAtATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		h := rehearseBefore(t, Service{Run: func(ctx context.Context, host *Host) error {
			host.Ready()
			<-ctx.Done()
			<-stop
			return nil
		}}, func(r *runner) { r.interactive = true })
		synctest.Wait()
		if got := h.stderr.String(); got != "rehearsal: running; Ctrl+C stops it\n" {
			t.Errorf("it says %q", got)
		}
		h.post(stopMessage(ReasonInterrupt))
		if got := h.stderr.String(); !strings.HasSuffix(got, "rehearsal: stopping; Ctrl+C once more ends it at once\n") {
			t.Errorf("it says %q", got)
		}
		close(stop)
		if err := h.finish(); err != nil {
			t.Error(err)
		}
	})
}

// TestStacksOnce: the package's own log has them; on stderr they would stand a second time on the same screen.
func TestStacksOnce(t *testing.T) {
	for _, broken := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			h := rehearseBefore(t, Service{StopTimeout: time.Second, Run: func(_ context.Context, host *Host) error {
				host.Ready()
				<-never
				return nil
			}}, func(r *runner) {
				r.service.Logger = nil
				r.drain = func(context.Context) error {
					if broken {
						return errors.New("the disk is full")
					}
					return nil
				}
			})
			h.post(stopMessage(ReasonStop))
			if err := h.finish(); ExitCode(err) != ExitStopTimeout {
				t.Error(err)
			}
			if got := h.stderr.String(); strings.Contains(got, "goroutine ") != broken {
				t.Errorf("broken %v: stderr has %d bytes: %.200s", broken, len(got), got)
			}
		})
	}
}
