package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"time"

	native "github.com/daruma-sh/daruma"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper"
)

// hostRole is the first argument of the process that the operating system's service manager starts.
const hostRole = "host"

// host is the keeper as a service: package daruma speaks with the service manager, the keeper does what it does in a terminal.
//
//	daruma host NAME FILE [--start-timeout 90s] [--stop-timeout 60s]
//
// The times come from the command line, where install writes them: this process reads no definition.
func host(args []string, errOut io.Writer) int {
	if len(args) < 2 {
		fmt.Fprintf(errOut, "daruma: %s is what a service manager starts, with a service's name and its definition; to supervise in a terminal: daruma run FILE\n", hostRole)
		return ExitUsage
	}
	name, file := args[0], args[1]
	service := native.Service{Name: name}
	flags := flag.NewFlagSet("daruma "+hostRole, flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.DurationVar(&service.StartTimeout, "start-timeout", 0, "until the service counts as started")
	flags.DurationVar(&service.StopTimeout, "stop-timeout", 0, "for all programs to stop")
	if err := flags.Parse(args[2:]); err != nil {
		return ExitUsage
	}
	place, err := folders.Of(name)
	if err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitFailed
	}
	h := hosted{requests: make(chan keeper.Request, 64)}
	h.cfg = keeper.Config{Service: name, Folders: place, Args: []string{name, file, flagQuiet}, Requests: h.requests}
	if h.cfg.Hang, err = hangTime(); err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitUsage
	}
	service.Run = h.run
	service.OnPause, service.OnContinue = h.ask(keeper.Pause), h.ask(keeper.Resume)
	service.OnReload = h.ask(keeper.Reload)
	if err := native.Run(service); err != nil {
		fmt.Fprintf(errOut, "daruma: %s: %v\n", name, err)
		return int(native.CodeOf(err))
	}
	return ExitDone
}

// hosted carries what the service manager asks into the keeper's loop.
type hosted struct {
	cfg      keeper.Config
	requests chan keeper.Request
}

func (h *hosted) run(ctx context.Context, manager *native.Host) error {
	// PR_SET_PDEATHSIG fires when the thread that forked ends: this one must live as long as the keeper.
	runtime.LockOSThread()
	h.cfg.Standing = func(s keeper.Standing) {
		manager.Status(s.Status)
		if s.Up {
			manager.Ready()
		}
	}
	stop := context.AfterFunc(ctx, func() {
		h.requests <- keeper.Request{Verb: keeper.Stop, Why: context.Cause(ctx).Error()}
	})
	defer stop()
	// The keeper's loop is the one thing whose end nobody else would notice. It may be held up by a file system that
	// hangs at a program's start, and to end it is to end every program: so it gets more time than others.
	manager.Health.Liveness("keeper", h.ping, native.CheckEvery(20*time.Second), native.CheckThreshold(6))
	if code := keeper.Main(h.cfg); code != 0 {
		return native.WithExitCode(fmt.Errorf("the service ended with code %d; its log says why", code), code)
	}
	return nil
}

// ask gives a handler that has the keeper's loop take note of a request.
func (h *hosted) ask(verb keeper.Verb) func(context.Context) error {
	return func(ctx context.Context) error {
		done := make(chan struct{})
		request := keeper.Request{Verb: verb, Why: "the service manager", Done: func() { close(done) }}
		select {
		case h.requests <- request:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (h *hosted) ping(ctx context.Context) error { return h.ask(keeper.Ping)(ctx) }
