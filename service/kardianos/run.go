package service

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	daruma "github.com/daruma-sh/daruma/service"
	"github.com/daruma-sh/daruma/service/log"
)

const (
	// startGrace is how long Start may work until the service is reported as running all the same: programs that do
	// their work in Start ran under kardianos on Linux, and are to run here.
	startGrace = 30 * time.Second

	// startAtStop is how long a stop request waits for a Start that is still running before Stop is called beside it.
	// Sooner, Stop would meet what Start has half built.
	startAtStop = 5 * time.Second

	// waitAtStop is how long a stop request waits for RunWait, which by contract hears of the same signal itself.
	waitAtStop = 30 * time.Second

	// stopTimeout is below the 90 s that systemd grants by default (TimeoutStopSec), so that the stacks of what hangs are
	// in the log before systemd kills. The original had no deadline.
	stopTimeout = 80 * time.Second
)

// runner runs a program of the original's shape as daruma's function.
type runner struct {
	program Interface
	service Service
	wait    func() // RunWait, nil where it isn't given
	log     *slog.Logger
	host    host
}

// host is the part of service.Host that is needed here; tests have their own, and virtual time.
type host interface {
	Ready()
	Stopping()
}

// run is Service.Run: it gives the error of Start or Stop as it is, since programs compare it.
func (r *runner) run(c *Config) error {
	if r.program == nil {
		return errors.New("New was given no program (Interface is nil): this service can be controlled, not run")
	}
	var own error
	description := daruma.Service{
		Name:        plainName(c.Name),
		DisplayName: c.title(),
		Description: c.Description,
		StopTimeout: stopTimeout,
		Watchdog:    -1, // the original sent no sign of life: a unit with WatchdogSec= has a program that does it itself
		Run: func(ctx context.Context, host *daruma.Host) error {
			r.log, r.host = host.Log(), host
			own = r.serve(ctx, host)
			return own
		},
	}
	if filepath.IsAbs(c.WorkingDirectory) { // Windows: systemd has gone there already
		description.Install.WorkingDir = c.WorkingDirectory
	}
	description.OnReload = r.hangup()
	if handler, err := log.NewHandler(log.Options{Name: plainName(c.Name), Output: os.Stderr}); err == nil {
		description.Logger = slog.New(handler)
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = handler.Close(ctx)
		}()
	}
	err := daruma.Run(context.Background(), description, nil)
	// The outcome has been reported by now. A panic goes on in the caller's goroutine, where it would have been in the
	// original: to main's recover, or to the runtime's exit code 2.
	if panicked := (*daruma.PanicError)(nil); errors.As(own, &panicked) {
		panic(panicked.Value)
	}
	if own != nil {
		return own
	}
	return err
}

// plainName is a name that package service takes: the original took any. The service manager knows this process by now.
func plainName(name string) string {
	plain := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '-'
	}, name)
	if plain = strings.TrimLeft(plain, "._-"); plain == "" {
		return "service"
	}
	return plain[:min(len(plain), 80)]
}

// serve is the life of the service.
func (r *runner) serve(ctx context.Context, host host) error {
	started := call("Start", func() error { return r.program.Start(r.service) })
	returned, err := r.start(ctx, host, started)
	if err != nil {
		return err
	}
	if returned {
		started = nil // nothing more will come of it
	}
	if err := r.untilStop(ctx, host, started); err != nil {
		return err
	}
	return <-call("Stop", func() error { return r.stop(context.Cause(ctx)) })
}

// start waits until Start returns, startGrace is over, or a stop is requested, whichever comes first.
func (r *runner) start(ctx context.Context, host host, started <-chan error) (returned bool, err error) {
	grace := time.NewTimer(startGrace)
	defer grace.Stop()
	select {
	case err = <-started:
		returned = true
	case <-grace.C:
		r.log.Warn("Start hasn't returned and is taken for a program that does its work there: the service counts as running",
			"after", startGrace)
	case <-ctx.Done():
		return await(startAtStop, started)
	}
	if err == nil {
		host.Ready()
	}
	return returned, err
}

// untilStop returns when it is time for Stop. started is nil where Start has returned.
func (r *runner) untilStop(ctx context.Context, host host, started <-chan error) error {
	var waited chan error
	if r.wait != nil && ctx.Err() == nil {
		waited = make(chan error, 1)
		go func() { r.wait(); waited <- nil }()
	}
	for {
		select {
		case err := <-started:
			if started = nil; err != nil {
				return err
			}
		case <-waited:
			host.Stopping()
			return nil
		case <-ctx.Done():
			if waited != nil {
				_, _ = await(waitAtStop, waited)
			}
			return nil
		}
	}
}

// stop calls what fits the reason.
func (r *runner) stop(reason error) error {
	machine := errors.Is(reason, daruma.ReasonShutdown) || errors.Is(reason, daruma.ReasonPreShutdown)
	if program, ok := r.program.(Shutdowner); ok && machine {
		return program.Shutdown(r.service)
	}
	return r.program.Stop(r.service)
}

// await gives what comes of ch within d.
func await(d time.Duration, ch <-chan error) (came bool, err error) {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case err = <-ch:
		return true, err
	case <-limit.C:
		return false, nil
	}
}

// call runs f in a goroutine of its own, for the original let it block, and gives its error or its panic.
func call(name string, f func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		err := errors.New(name + " ended its goroutine (runtime.Goexit)")
		defer func() {
			if value := recover(); value != nil {
				err = &daruma.PanicError{In: name, Value: value, Stack: debug.Stack()}
			}
			done <- err
		}()
		err = f()
	}()
	return done
}
