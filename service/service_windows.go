package service

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"
)

// surround finds out what runs the process and runs the service in it.
func surround(s Service, as role, arguments []string) error {
	w, closeChannel, channelErr := darumaWords()
	defer closeChannel()
	if w == nil && as != terminal && (as == service || !inConsole()) {
		err := underSCM(s, arguments)
		if as == service || !errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
			return err
		}
	}
	if w == nil {
		w = &words{where: Terminal}
	}
	w.limits = consoleLimit
	mail := newMailbox()
	r := newRunner(s, w, mail, arguments)
	if channelErr != nil {
		r.log.Warn("the channel to daruma can't be used; the service runs without it", "error", channelErr)
	}
	defer watchConsole(func(event uint32) uintptr { return consoleEvent(mail, event) })()
	return r.run()
}

// inConsole tells of a process that certainly is no service, without having tried: it has a console, and isn't in session 0,
// the services' own. It spares the attempt, which takes 10 s under Wine. Wine has its services in session 1, without a console.
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
func underSCM(s Service, arguments []string) error {
	mail := newMailbox()
	d, err := connect(&s, mail)
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return &unrunError{fmt.Errorf("the Service Control Manager didn't start this process: %w; start the service (verb start), "+
			"or run it in this console (verb run)", err), ExitManager}
	} else if err != nil {
		return &unrunError{fmt.Errorf("connecting to the Service Control Manager: %w", err), ExitManager}
	}
	// The console's events go to services as well: the logoff of any user, and a shutdown before the Service Control Manager says
	// so. Unanswered, they end the process; whoever shares the service's console must not end it either.
	defer watchConsole(func(uint32) uintptr { return 1 })()
	r := newRunner(s, newSCM(d), mail, append(arguments, d.arguments...))
	err = r.run()
	d.wait()
	return err
}

// consoleLimit is what Windows gives a console program after CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and CTRL_SHUTDOWN_EVENT:
// 5 s, of which we keep one for the end. Source: learn.microsoft.com, "HandlerRoutine callback function".
func consoleLimit(reason StopReason) time.Duration {
	switch reason {
	case ConsoleClose, Logoff, Shutdown:
		return 4 * time.Second
	default:
		return 0
	}
}
