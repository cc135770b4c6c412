package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/winevent"
)

// programVariable names the service of testServices that the test binary is, instead of running the tests.
const programVariable = "DARUMA_TEST_PROGRAM"

// TestMain: the test binary is also the services that the tests start as processes of their own, by an environment
// variable, or on Windows, where a service has only a command line, by the role on it.
func TestMain(m *testing.M) {
	name := os.Getenv(programVariable)
	if len(os.Args) > 2 && os.Args[1] == roleService {
		name = os.Args[2]
	}
	if name == "" {
		if signal.Ignored(syscall.SIGHUP) { // under nohup: a program inherits what is ignored, and not what is caught
			signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
		}
		os.Exit(m.Run())
	}
	diary := openDiary()
	before := runtime.NumGoroutine()
	Main(testService(name, diary))
	if left := goroutinesLeft(before); left != "" {
		_, _ = fmt.Fprintln(diary, left)
		fmt.Fprintln(os.Stderr, left)
		os.Exit(99)
	}
	_, _ = fmt.Fprintln(diary, "nothing left")
	os.Exit(0)
}

// openDiary is where a service writes what it has to say: a file that its first argument names, else its output.
func openDiary() *os.File {
	if len(os.Args) <= 3 || os.Args[1] != roleService {
		return os.Stdout
	}
	diary, err := os.OpenFile(os.Args[3], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	_ = debug.SetCrashOutput(diary, debug.CrashOptions{}) // a service has no stderr
	return diary
}

// goroutinesLeft gives the stacks when there are more goroutines than before, "" when there aren't. One that has just done
// its work may need a moment to be gone; the one of os/signal can't be ended once a signal was asked for.
func goroutinesLeft(before int) string {
	deadline := time.Now().Add(2 * time.Second)
	for {
		all := stacks()
		left := strings.Count(all, "\n\n") + 1 - strings.Count(all, "os/signal.loop()")
		if left <= before {
			return ""
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("%d goroutines left, %d before:\n%s", left, before, all)
		}
		time.Sleep(time.Millisecond) // sleep: nobody tells when a goroutine has left the scheduler
	}
}

// testService gives the service of that name, which writes into diary.
func testService(name string, diary io.Writer) Service {
	note := func(format string, args ...any) { _, _ = fmt.Fprintf(diary, format+"\n", args...) }
	s := Service{Name: name, Install: InstallOptions{RestartPolicy: RestartNever}, StopTimeout: 10 * time.Second, Logger: slog.New(slog.NewTextHandler(diary, nil))}
	untilStopped := func(ctx context.Context, host *Host) error {
		note("arguments %q in %v", host.Arguments(), host.Environment())
		host.Ready()
		<-ctx.Done()
		note("cause: %v", context.Cause(ctx))
		return nil
	}
	s.Run = untilStopped
	switch name[strings.LastIndexByte(name, '-')+1:] {
	case "plain":
	case "handlers":
		s.OnPause = func(context.Context) error { note("pause"); return nil }
		s.OnContinue = func(context.Context) error { note("continue"); return nil }
		s.OnReload = func(context.Context) error { note("reload"); return nil }
		s.OnControl = func(_ context.Context, code uint8) error { note("control %d", code); return nil }
		s.OnPower = func(_ context.Context, e winevent.Power) error { note("%v", e); return nil }
		s.OnSession = func(_ context.Context, e winevent.Session) error { note("%v", e); return nil }
	case "deaf":
		s.StopTimeout = time.Second
		s.Run = func(_ context.Context, host *Host) error { host.Ready(); note("ready"); deafTo(time.Hour); return nil }
	case "slow":
		s.Run = func(ctx context.Context, host *Host) error {
			host.SetStatus("warming up")
			wait(ctx, slowly(host))
			return untilStopped(ctx, host)
		}
	case "slowstop":
		s.Run = func(ctx context.Context, host *Host) error {
			_ = untilStopped(ctx, host)
			host.ExtendTimeout(15 * time.Second)
			wait(context.Background(), slowly(host))
			return nil
		}
	case "minute": // the whole of a slow start, which asks for its time bit by bit
		s.StartTimeout = 5 * time.Second
		s.Run = func(ctx context.Context, host *Host) error {
			for range 15 {
				host.ExtendTimeout(10 * time.Second)
				wait(ctx, 4*time.Second)
			}
			return untilStopped(ctx, host)
		}
	case "unready":
		s.StartTimeout = time.Second
		s.Run = func(ctx context.Context, _ *Host) error { <-ctx.Done(); return nil }
	case "panic":
		s.Run = func(_ context.Context, host *Host) error { host.Ready(); panic("out of luck") }
	case "fail":
		s.Run = func(context.Context, *Host) error { return WithExitCode(errors.New("no configuration"), 17) }
	case "brief":
		s.Run = func(_ context.Context, host *Host) error { host.Ready(); return nil }
	default:
		if program := name[strings.LastIndexByte(name, '-')+1:]; !lifeProgram(&s, program, note) && !systemProgram(&s, program, note) {
			panic("no test service " + name)
		}
	}
	return s
}

// deafTo is a function with a name of its own, to be found in the stacks.
func deafTo(d time.Duration) { <-time.After(d) }

// slowly is a second, and for the Service Control Manager long enough for some checkpoints.
func slowly(host *Host) time.Duration {
	if host.Environment() == EnvSCM {
		return 7 * time.Second
	}
	return time.Second
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
