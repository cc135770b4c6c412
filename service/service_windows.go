package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/console"
	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/scm"
	"github.com/daruma-sh/daruma/service/internal/selfrestart"
	"github.com/daruma-sh/daruma/service/manager"
)

// detectAndRun finds out what runs the process and runs the service in it.
func detectAndRun(ctx context.Context, s Service, as role, arguments []string) error {
	around, closeChannel, channelErr := underDaruma()
	defer closeChannel()
	if around == nil && as != terminal && (as == service || !inConsole()) {
		err := underSCM(ctx, s, arguments)
		if as == service || !errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
			return err
		}
	}
	if around == nil {
		around = &surroundings{Platform: &platform.Notifier{}, environment: EnvTerminal}
	}
	around.limits = consoleLimit
	mail := newMailbox()
	r := newRunner(s, *around, mail, arguments)
	r.warnOf(channelErr)
	defer console.Watch(func(event uint32) uintptr { return consoleEvent(mail, event) })()
	return r.run(ctx)
}

// inConsole tells without a try that the process is no service: it has a console, and it isn't in session 0, where services run.
// It spares the attempt, which takes 10 s under Wine. Wine has its services in session 1, without a console.
func inConsole() bool {
	var session uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session); err != nil || session == 0 {
		return false
	}
	_, err := windows.GetConsoleCP()
	return err == nil
}

// underSCM runs the service for the Service Control Manager. An error that is ERROR_FAILED_SERVICE_CONTROLLER_CONNECT says
// that it didn't start the process: only trying tells (a service's parent and session can be imitated, and differ under Wine).
func underSCM(ctx context.Context, s Service, arguments []string) error {
	mail := newMailbox()
	d, err := scm.Connect(s.Name, func(c scm.Control) windows.Errno {
		m, errno := translate(&s, c)
		if m != nil {
			mail.post(m)
		}
		return errno
	})
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return &notStartedError{fmt.Errorf("the Service Control Manager didn't start this process: %w; start the service (verb start), "+
			"or run it in this console (verb run)", err), ExitManager}
	} else if err != nil {
		return &notStartedError{fmt.Errorf("connecting to the Service Control Manager: %w", err), ExitManager}
	}
	// Services get the console's events as well: the logoff of any user, and a shutdown before the Service Control Manager reports it.
	// Without a handler they end the process. Another process at the same console must not end it, either.
	defer console.Watch(func(uint32) uintptr { return 1 })()
	s.Run = inWorkingDir(s.Install.WorkingDir, s.Run)
	around := surroundings{Platform: scm.NewReporter(d, handled(&s)), environment: EnvSCM, limits: shutdownLimit}
	err = newRunner(s, around, mail, append(slices.Clip(arguments), d.Arguments()...)).run(ctx)
	d.Wait()
	if selfrestart.Noted() {
		if again := startAgain(d.Name()); again != nil && err == nil {
			err = fmt.Errorf("starting the service again after the stop for its own restart: %w", again)
		}
	}
	return err
}

// startAgain starts the service that this process was, and doesn't wait for more than the system's making of the new process: two of them at
// once may be one too many.
func startAgain(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	started := make(chan error, 1)
	go func() { started <- manager.Manager{}.Start(ctx, name) }()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-started:
			return err
		case <-look.C:
			if status, err := (manager.Manager{}).Status(ctx, name); err == nil && status.State != manager.Stopped {
				return nil // the system goes on with it
			}
		}
	}
}

// managersWorkingDir: Windows starts every service in its system folder. The service goes to its own by itself.
func managersWorkingDir(string) string { return "" }

// inWorkingDir is run after the process went to dir.
func inWorkingDir(dir string, run func(context.Context, *Host) error) func(context.Context, *Host) error {
	if dir == "" {
		return run
	}
	return func(ctx context.Context, host *Host) error {
		if err := os.Chdir(dir); err != nil {
			return fmt.Errorf("going to Service.Install.WorkingDir: %w", err)
		}
		return run(ctx, host)
	}
}

// consoleLimit is what Windows gives a console program after CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and CTRL_SHUTDOWN_EVENT:
// 5 s, of which we keep one for the end. Source: learn.microsoft.com, "HandlerRoutine callback function".
func consoleLimit(reason Reason) time.Duration {
	switch reason {
	case ReasonConsoleClose, ReasonLogoff, ReasonShutdown:
		return 4 * time.Second
	default:
		return 0
	}
}

// consoleEvent is the handler of a program in a console.
func consoleEvent(mail *mailbox, event uint32) uintptr {
	reason, fatal := ReasonConsoleClose, true
	switch event {
	case windows.CTRL_C_EVENT, windows.CTRL_BREAK_EVENT:
		reason, fatal = ReasonInterrupt, false
	case windows.CTRL_LOGOFF_EVENT:
		reason = ReasonLogoff
	case windows.CTRL_SHUTDOWN_EVENT:
		reason = ReasonShutdown
	}
	mail.post(stopMessage(reason))
	if fatal {
		// Windows ends the process when this returns. It does so anyway, but some seconds later.
		<-make(chan struct{})
	}
	return 1
}
