package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/daruma-sh/daruma/internal/ensure"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	native "github.com/daruma-sh/daruma/service"
)

// hostRole is the first argument of the process that the operating system's service manager starts.
const hostRole = "host"

// startBound is when a service is reported running that isn't up, where the command line doesn't say.
const startBound = 90 * time.Second

// runHosted is the keeper as a service: package service speaks with the service manager, the keeper does what it does in a terminal.
//
//	daruma host NAME FILE [--start-timeout 90s] [--stop-timeout 60s]
//
// The times come from the command line, where install writes them: this process reads no definition.
func runHosted(args []string, errOut io.Writer) int {
	if len(args) < 2 {
		fmt.Fprintf(errOut, "daruma: %s is what a service manager starts, with a service's name and its definition; to supervise in a terminal: daruma run FILE\n", hostRole)
		return ExitUsage
	}
	name, file := args[0], args[1]
	service := native.Service{Name: name}
	handle := &keeper.Handle{}
	h := hosted{keeper: handle}
	handle.OnState = h.standing.changed
	flags := flag.NewFlagSet("daruma "+hostRole, flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.DurationVar(&h.standing.bound, "start-timeout", startBound, "until the service is reported running, up or not")
	flags.DurationVar(&service.StopTimeout, "stop-timeout", 0, "for all programs to stop")
	if err := flags.Parse(args[2:]); err != nil {
		return ExitUsage
	}
	// The package ends a service that isn't ready by then; we are, before.
	service.StartTimeout = h.standing.bound + startMargin
	if err := becomeInstalled(); err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitFailed
	}
	place, err := folders.Of(name)
	if err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitFailed
	}
	h.cfg = keeper.Config{Service: name, Folders: place, Args: []string{name, file, flagQuiet}, Handle: handle}
	h.margin = stopReserve(service.StopTimeout)
	if h.cfg.Hang, err = hangTime(); err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitUsage
	}
	service.Run = h.run
	service.OnPause, service.OnContinue, service.OnReload = handle.Pause, handle.Resume, handle.Reload
	service.OnPower, service.OnSession, service.OnControl = h.power, h.session, h.control
	if err := native.Run(service); err != nil {
		fmt.Fprintf(errOut, "daruma: %s: %v\n", name, err)
		return int(native.CodeOf(err))
	}
	return ExitDone
}

// becomeInstalled tells this process and its children that the service is the system's, and keeps to ourselves what the
// service manager gave us beyond an ordinary user's rights.
func becomeInstalled() error {
	if err := os.Setenv(folders.InstalledVariable, "1"); err != nil {
		return err
	}
	return keepCapabilities()
}

// keeperHandle is what a service manager asks of a keeper: *keeper.Handle.
type keeperHandle interface {
	Stop(why string)
	StopNow(why string, within time.Duration)
	Overdue() (programs []string, ok bool)
	Ping(context.Context) error
	Forward(context.Context, wire.Message) error
}

// hosted is a keeper that runs as a service: what the service manager says goes to its handle.
type hosted struct {
	cfg      keeper.Config
	keeper   keeperHandle
	standing standing
	margin   time.Duration // from the end of the stop's context to its deadline
}

func (h *hosted) run(ctx context.Context, manager *native.Host) error {
	// PR_SET_PDEATHSIG fires when the thread that forked ends: this one must live as long as the keeper.
	runtime.LockOSThread()
	defer h.standing.begin(manager)()
	if err := h.cfg.Folders.Make(); err != nil {
		return native.WithExitCode(err, int(exitcode.NoFiles))
	}
	h.want(true, "started")
	stop := context.AfterFunc(ctx, func() {
		h.keeper.Stop(context.Cause(ctx).Error())
		if cause := context.Cause(ctx); !errors.Is(cause, native.Shutdown) && !errors.Is(cause, native.PreShutdown) {
			h.want(false, cause.Error()) // second: a disk that hangs holds up no stop
		}
	})
	defer stop()
	// The keeper's loop is the one thing whose end nobody else would notice. It may be held up by a file system that
	// hangs at a program's start, and to end it is to end every program: so it gets more time than others.
	manager.Health.Liveness("keeper", h.keeper.Ping, native.CheckEvery(20*time.Second), native.CheckThreshold(6))
	defer h.endInTime(manager.StopContext())()
	if err := h.outcome(exitcode.Code(keeper.Main(h.cfg))); err != nil {
		return err
	}
	if ctx.Err() == nil {
		h.want(false, "its programs have done their work")
	}
	return nil
}

// want leaves word for daruma ensure whether the service is to run. systemd doesn't tell a shutdown of the machine from a stop; after
// the boot the word means nothing.
func (h *hosted) want(wanted bool, why string) {
	if err := ensure.Want(h.cfg.Folders.State, wanted, why); err != nil {
		fmt.Fprintln(os.Stderr, "daruma:", err) // without it the service manager's word has to do
	}
}
