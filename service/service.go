package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/service/internal/standin"
	"github.com/daruma-sh/daruma/service/internal/verbs"
	"github.com/daruma-sh/daruma/service/winevent"
)

// Service describes a service. Name and Run are required.
//
// The functions beside Run are optional. The service accepts a control only where its function is set. They are called one at a time, in the order of arrival, never in the Service Control Manager's own
// handler, and not before Ready. Their context is Run's: it ends when the service shall stop. A panic in one of them is
// logged with its stack and stops the service with [ExitPanicked]; an error is logged, and the service goes on.
type Service struct {
	// Name is what the system knows the service by: letters, digits, '.', '_' and '-', at most 80. It isn't case-sensitive on Windows.
	Name string
	// DisplayName is what people see in a list of services; Name where empty.
	DisplayName string
	// Version is what the verb version and the option --version print; "": the version of the main module.
	Version string
	// Description is a sentence or two on what the service is for.
	Description string

	// Run is the service: it starts what it needs, calls [Host.Ready], works until ctx is cancelled, cleans up and returns.
	//
	// [context.Cause] of ctx is why it shall end, a [Reason]. nil is a clean stop, asked for or not. After a request to stop, the
	// context's own error is one, too, and so is what a server returns that was shut down (http.ErrServerClosed, an accept on a closed
	// listener). flag.ErrHelp is a clean end at any time. Any other error is a failure: see [ExitOK] for what the system gets to know.
	Run func(ctx context.Context, host *Host) error

	// OnPause suspends the work and OnContinue resumes it (Service Control Manager alone). After an error the service counts as what
	// it was: running, or paused. Both or none must be set.
	OnPause, OnContinue func(context.Context) error
	// OnReload reads the configuration again: SIGHUP, systemctl reload, PARAMCHANGE (sc control NAME paramchange).
	OnReload func(context.Context) error
	// OnPower is called when the machine sleeps or wakes up (Windows).
	OnPower func(context.Context, winevent.Power) error
	// OnSession is called when somebody logs on or off, and for other changes of a session (Windows).
	OnSession func(context.Context, winevent.Session) error
	// OnControl takes a code of the service's own, 128 to 255 (Windows: sc control NAME 128).
	OnControl func(context.Context, uint8) error

	// StartTimeout is how long Run may take until [Host.Ready]; 0: 90 s, as systemd's DefaultTimeoutStartSec. Then the process
	// is ended with [ExitStartTimeout]. [Host.ExtendTimeout] gives more.
	StartTimeout time.Duration
	// StopTimeout is how long Run may take to return once its context is cancelled; 0: 30 s. Then the stacks of all goroutines
	// are written to the log, and to stderr where that isn't of package service/log, and the process is ended with [ExitStopTimeout].
	StopTimeout time.Duration
	// Watchdog is how long the service may go without a heartbeat before it counts as hung and its process is ended with
	// [ExitWatchdog]. 0: what systemd (WATCHDOG_USEC) or daruma asks for; else 30 s, once Host.Heartbeat was called. Negative: as 0, but
	// the package sends systemd and daruma no sign of life: the program does that itself, with a library of its own.
	Watchdog time.Duration

	// Logger takes what the package itself logs: failures, panics, deadlines. nil: one of package service/log that suits the
	// environment. [Host.Log] is the same logger. Where its handler, or that of slog.Default, has a method Flush(context.Context) error, as
	// those of service/log have, it is called before the process ends, for 2 s at most: so its last lines aren't lost.
	Logger *slog.Logger

	// Install is what Install and the verb install ask of the system.
	Install InstallOptions
}

// Main is a program's whole main function: it acts on a verb (install, uninstall, start, stop, restart, status, run, version, help),
// or it is the service itself, under whatever started it. It returns when the service has stopped cleanly, with no goroutine of its own
// left, and otherwise ends the process with one of the exit codes (see [ExitOK]).
//
// Call it at once: Windows ends a service that hasn't called its dispatcher 30 s after it was started.
func Main(s Service) {
	if code := mainCode(s, os.Args[1:], os.Stderr); code != 0 {
		os.Exit(code)
	}
}

// First arguments that run the service.
const (
	// roleService is the first argument of an installed service; its name follows, then Install.Arguments. It makes sure what could only
	// be guessed otherwise: that the system's service manager started the process.
	roleService = "service-run"
	// roleTerminal is the verb for the service in a terminal: Windows' dispatcher isn't tried.
	roleTerminal = "run"
)

// role is who started the process, according to the command line.
type role uint8

const (
	unknown  role = iota // find out
	service              // the system's service manager
	terminal             // a person
)

// mainCode is Main without its end of the process.
func mainCode(s Service, args []string, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 0 && args[0] == roleService:
		err = run(context.Background(), s, service, args[min(2, len(args)):])
	case len(args) > 0 && args[0] == roleTerminal && !(len(args) == 2 && verbs.AsksForHelp(args[1])):
		err = run(context.Background(), s, terminal, args[1:])
	default:
		if code, handled := runVerb(s, args, os.Stdout, os.Stderr); handled {
			return code
		}
		err = run(context.Background(), s, unknown, args)
	}
	var notStarted *notStartedError
	if errors.As(err, &notStarted) { // everything else is in the log
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", filepath.Base(os.Args[0]), notStarted)
	}
	return ExitCode(err)
}

// runVerb acts on a verb of the command line. What isn't one is for the service itself.
func runVerb(s Service, args []string, stdout, stderr io.Writer) (code int, handled bool) {
	handled, err := verbs.Run(s.verbs(), args, stdout, stderr)
	switch {
	case err == nil:
		return ExitOK, handled
	case errors.Is(err, verbs.ErrUsage):
		return ExitUsage, handled
	case errors.Is(err, verbs.ErrNotRunning):
		return ExitNotRunning, handled
	default:
		return ExitFailed, handled
	}
}

// Run runs the service, under whatever started the process, until it stops. It is for a program with a command line of its own, which calls
// it where the service begins; [Main] does the same and knows verbs. args are the service's own arguments: Host.Arguments gives them.
//
// The end of ctx is a request to stop like any other. Its cause is that of Run's context where it is a [Reason], else that is ReasonStop.
// Values of ctx are found in the contexts of Service.Run and of the handlers.
//
// It returns what Service.Run returned, nil after a clean stop; give [ExitCode] of it to os.Exit, and soon: where the Service
// Control Manager is set to restart only services that crash, the failure reaches it by the end of the process.
//
// In four cases it doesn't return but ends the process: at StartTimeout, at StopTimeout, when the watchdog
// expired, and at the second Ctrl+C. It may be called once in the life of a Windows service's process.
func Run(ctx context.Context, s Service, args []string) error {
	return run(ctx, s, unknown, args)
}

func run(ctx context.Context, s Service, as role, args []string) error {
	if err := s.check(); err != nil {
		return &notStartedError{err, ExitUsage}
	}
	if manager := standin.From(ctx); manager != nil {
		return runInTest(ctx, s.withDefaults(), manager, args)
	}
	return detectAndRun(ctx, s.withDefaults(), as, args)
}

// runInTest runs the service for package servicetest.
func runInTest(ctx context.Context, s Service, m *standin.Manager, arguments []string) error {
	mail := newMailbox()
	r := newRunner(s, surroundings{Platform: m.Platform, environment: EnvTerminal}, mail, arguments)
	r.stderr, r.exit, r.interactive = m.Stderr, m.Exit, false
	var reload func()
	if s.OnReload != nil {
		reload = func() { mail.post(controlMessage{control: reloadControl}) }
	}
	m.Connected(reload)
	return r.run(ctx)
}
