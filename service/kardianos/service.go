package service

import (
	"errors"
	"fmt"
)

// Interface is the program: what runs when the service does.
type Interface interface {
	// Start begins the work and returns; the service counts as started when it has returned nil. An error ends the
	// service as failed (Run returns it), so that the service manager restarts it.
	//
	// Start should return within seconds. One that is still running after 30 s is taken for a program that does its work
	// there: the service is reported as running, a warning is logged, and Stop is called while Start still runs when it is time.
	Start(s Service) error

	// Stop ends what Start began and returns when it has ended: within 80 s, after which the process is ended with its
	// stacks in the log. An error makes the end of the service a failure. Stop shouldn't call os.Exit.
	Stop(s Service) error
}

// Shutdowner is an [Interface] with a function of its own for the shutdown of the machine.
type Shutdowner interface {
	Interface

	// Shutdown is called in place of Stop where the whole machine goes down. Windows ends services about 5 s after it
	// began to shut down. systemd sends the same signal for a shutdown and a stop: there, Stop is called.
	Shutdown(s Service) error
}

// Service is a service that can be run and controlled. [New] makes it.
type Service interface {
	// Run calls Interface.Start, waits until the service is to end (a stop or shutdown by the service manager, Ctrl+C,
	// SIGTERM), calls Interface.Stop, and returns. The program must exit shortly after. The error is that of Start or of
	// Stop, nil for a clean stop.
	Run() error

	// Start asks the service manager to start the installed service and waits until it runs.
	Start() error

	// Stop asks the service manager to stop the service and waits until it has stopped.
	Stop() error

	// Restart stops the service, where it runs, and starts it.
	Restart() error

	// Install makes the program a service of the operating system that starts at boot. It needs administrator rights
	// (root), and refuses a service that is installed already.
	Install() error

	// Uninstall removes the service from the service manager; on Windows a running one goes when it has stopped.
	Uninstall() error

	// Logger gives [ConsoleLogger] where the program runs in a terminal, else what SystemLogger gives. Errors of writing
	// are returned by the logger's functions and, where errs isn't nil, also sent on errs: somebody must receive them.
	Logger(errs chan<- error) (Logger, error)

	// SystemLogger opens the log of the system: the Event Log on Windows, syslog (and so the journal) on Linux.
	SystemLogger(errs chan<- error) (Logger, error)

	// String is the display name, or the name where there is none.
	String() string

	// Platform is the name of the service manager: "windows-service", "linux-systemd", or "linux-none", "darwin-none" … where there is none.
	Platform() string

	// Status reports whether the service runs. [ErrNotInstalled] where it isn't installed.
	Status() (Status, error)
}

// Status is the state of a service.
type Status byte

// The values of [Status].
const (
	StatusUnknown Status = iota // not known: not installed, failed, or the question failed; the error says which
	StatusRunning               // running or starting
	StatusStopped               // installed and not running; on Windows also paused and stopping
)

var (
	// ErrNameFieldRequired is returned by New where Config.Name is empty.
	//lint:ignore ST1005 the original's words, which programs look for
	ErrNameFieldRequired = errors.New("Config.Name field is required.")
	// ErrNoServiceSystemDetected is returned where there is no service manager to talk to.
	//lint:ignore ST1005 the original's words, which programs look for
	ErrNoServiceSystemDetected = errors.New("No service system detected.")
	// ErrNotInstalled is returned where the service isn't installed. Every verb's error can be compared with it by errors.Is.
	ErrNotInstalled = errors.New("the service is not installed")
)

// New makes a service of the program i and the configuration c, for the chosen system (see [ChooseSystem]). i may be nil
// where the service is only controlled.
func New(i Interface, c *Config) (Service, error) {
	if c == nil || c.Name == "" {
		return nil, ErrNameFieldRequired
	}
	system := ChosenSystem()
	if system == nil {
		return nil, ErrNoServiceSystemDetected
	}
	return system.New(i, c)
}

// ControlAction are the actions that [Control] takes.
var ControlAction = [5]string{"start", "stop", "restart", "install", "uninstall"}

// Control calls the method of s that action names. The error wraps that of the method.
func Control(s Service, action string) error {
	var err error
	switch action {
	case ControlAction[0]:
		err = s.Start()
	case ControlAction[1]:
		err = s.Stop()
	case ControlAction[2]:
		err = s.Restart()
	case ControlAction[3]:
		err = s.Install()
	case ControlAction[4]:
		err = s.Uninstall()
	default:
		//lint:ignore ST1005 the original's words, which programs look for
		err = fmt.Errorf("Unknown action %s", action)
	}
	if err != nil {
		//lint:ignore ST1005 the original's words, which programs look for
		return fmt.Errorf("Failed to %s %v: %w", action, s, err)
	}
	return nil
}
