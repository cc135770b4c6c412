package hosting

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/supervisor/lastgood"
	"github.com/daruma-sh/daruma/internal/supervisor/stopped"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service"
)

// Main is the keeper as a service: package service speaks with the service manager, the keeper does what it does in a terminal.
// args are those of [CommandLine] behind the role. It gives the exit code.
//
//	daruma host NAME FILE [--start-timeout 90s] [--stop-timeout 60s]
//
// The times come from the command line, where install writes them: this process reads no definition.
func Main(args []string, errOut io.Writer) int {
	if len(args) < 2 {
		fmt.Fprintf(errOut, "daruma: %s is what a service manager starts, with a service's name and its definition; to supervise in a terminal: daruma run FILE\n", Role)
		return exitUsage
	}
	name, file := args[0], args[1]
	svc := service.Service{Name: name}
	handle := &keeper.Handle{}
	h := host{keeper: handle}
	handle.OnState = h.start.changed
	flags := flag.NewFlagSet("daruma "+Role, flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.DurationVar(&h.start.timeout, flagStartTimeout, StartTimeout, "until the service is reported running, up or not")
	flags.DurationVar(&svc.StopTimeout, flagStopTimeout, 0, "for all programs to stop")
	if err := flags.Parse(args[2:]); err != nil {
		return exitUsage
	}
	// The package ends a service that isn't ready by then; we are, before.
	svc.StartTimeout = h.start.timeout + StartMargin
	if err := becomeInstalled(); err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return int(exitcode.Failed)
	}
	var code int
	if h.cfg, code = config([]string{name, file, flagQuiet}, errOut); code != 0 {
		return code
	}
	if code, asked := keeper.CheckResume(h.cfg); asked {
		return code
	}
	h.cfg.Handle = handle
	h.reserve = stopReserve(svc.StopTimeout)
	svc.Run = h.run
	svc.OnPause, svc.OnContinue, svc.OnReload = handle.Pause, handle.Resume, handle.Reload
	svc.OnPower, svc.OnSession, svc.OnControl = h.power, h.session, h.control
	if err := h.besideKeeper(func() error { return service.Run(context.Background(), svc, nil) }); err != nil {
		fmt.Fprintf(errOut, "daruma: %s: %v\n", name, err)
		return service.ExitCode(err)
	}
	return int(exitcode.Done)
}

// becomeInstalled marks this process and its children as those of an installed service, whose folders are the system's. And it
// keeps from programs what the service manager gave us beyond an ordinary user's rights.
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

// host is a keeper that runs as a service: what the service manager says goes to its handle.
type host struct {
	cfg     keeper.Config
	keeper  keeperHandle
	start   startReport
	reserve time.Duration // from the end of the stop's context to its deadline
	onMain  func(func())  // calls a function on the main thread, where the keeper has to live; nil: anywhere
}

// run is the service, from the service manager's start to its end.
func (h *host) run(ctx context.Context, manager *service.Host) error {
	defer h.start.begin(manager)()
	if !keeper.HandedOver() { // else the service has begun already
		if err := makeFolders(h.cfg); err != nil {
			return service.WithExitCode(err, int(exitcode.NoFiles))
		}
		h.noteWanted(true, "started")
	}
	stop := context.AfterFunc(ctx, func() {
		h.keeper.Stop(context.Cause(ctx).Error())
		h.forgetStopped()
		if cause := context.Cause(ctx); !errors.Is(cause, service.ReasonShutdown) && !errors.Is(cause, service.ReasonPreShutdown) {
			h.noteWanted(false, cause.Error()) // second: a disk that hangs holds up no stop
		}
	})
	defer stop()
	// The keeper's loop is the one thing whose end nobody else would notice. It may be held up by a file system that
	// hangs at a program's start, and to end it is to end every program: so it gets more time than others.
	manager.Health().Liveness(service.Check{Name: "keeper", Run: h.keeper.Ping, Every: 20 * time.Second, Threshold: 6})
	defer h.endInTime(manager.StopContext())()
	code := exitcode.Code(h.keep())
	if code == exitcode.Restarting {
		h.forgetStopped() // a restart starts every program
	}
	if err := h.outcome(code); err != nil {
		return err
	}
	if ctx.Err() == nil {
		h.forgetStopped()
		h.noteEnded("its programs have done their work")
	}
	return nil
}

// makeFolders makes the service's folders, which a former account may have had.
func makeFolders(cfg keeper.Config) error {
	if access.Privileged() {
		if err := access.TakeOver(cfg.Folders, lastgood.FileName); err != nil {
			return err
		}
	}
	return access.MakeFolders(cfg.Service, cfg.Folders, cfg.Distrust)
}

// forgetStopped has the next start start every program: the service is stopped in order.
func (h *host) forgetStopped() {
	if err := stopped.Save(h.cfg.Folders.State, nil); err != nil {
		fmt.Fprintln(os.Stderr, "daruma:", err)
	}
}

// noteWanted notes for daruma ensure whether the service is to run. systemd doesn't tell a shutdown of the machine from a stop: so
// the note counts until the next boot only.
func (h *host) noteWanted(run bool, why string) {
	if err := wanted.Save(h.cfg.Folders.State, run, why); err != nil {
		fmt.Fprintln(os.Stderr, "daruma:", err) // without the note, ensure goes by what the service manager says
	}
}

// noteEnded notes that the service has ended by itself.
func (h *host) noteEnded(why string) {
	if err := wanted.SaveEnded(h.cfg.Folders.State, why); err != nil {
		fmt.Fprintln(os.Stderr, "daruma:", err)
	}
}
