package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// verbTimeout is how long a verb waits for the service manager. The original waited for ever on Linux and not at all for a
// start on Windows.
const verbTimeout = 2 * time.Minute

// managed is a service of the platform's service manager.
type managed struct {
	*Config
	program  Interface
	platform platform
}

// platform is one of the platform's systems.
type platform struct {
	name           string
	knowsFailed    bool // the service manager tells a failed service from a stopped one
	detect         func() bool
	interactive    func() bool
	serviceManager func(*Config) serviceManager
}

// serviceManager does the verbs for one service. Its errors are those of package manager.
type serviceManager interface {
	install(ctx context.Context) error
	uninstall(ctx context.Context) error
	start(ctx context.Context) error
	stop(ctx context.Context) error
	restart(ctx context.Context) error
	status(ctx context.Context) (manager.State, error)
}

// String is the system's name, as the original has it.
func (p platform) String() string { return p.name }

// Detect reports whether the system is there.
func (p platform) Detect() bool { return p.detect() }

// Interactive is false where the system started this process.
func (p platform) Interactive() bool { return p.interactive() }

// New makes a service of this system.
func (p platform) New(i Interface, c *Config) (Service, error) {
	if c == nil || c.Name == "" {
		return nil, ErrNameFieldRequired
	}
	return &managed{Config: c, program: i, platform: p}, nil
}

func (m *managed) String() string { return m.title() }

func (m *managed) Platform() string { return m.platform.name }

func (m *managed) Run() error {
	return (&runner{program: m.program, service: m, wait: runWait(m.Option)}).run(m.Config)
}

func (m *managed) Install() error {
	return m.verb(func(ctx context.Context, with serviceManager) error {
		for _, remark := range remarks(m.Config) {
			_ = ConsoleLogger.Warningf("%s: %s", m.Name, remark)
		}
		return with.install(ctx)
	})
}

func (m *managed) Uninstall() error {
	return m.verb(func(ctx context.Context, with serviceManager) error { return with.uninstall(ctx) })
}

func (m *managed) Start() error {
	return m.verb(func(ctx context.Context, with serviceManager) error { return with.start(ctx) })
}

func (m *managed) Stop() error {
	return m.verb(func(ctx context.Context, with serviceManager) error { return with.stop(ctx) })
}

func (m *managed) Restart() error {
	return m.verb(func(ctx context.Context, with serviceManager) error { return with.restart(ctx) })
}

func (m *managed) Status() (Status, error) {
	status := StatusUnknown
	err := m.verb(func(ctx context.Context, with serviceManager) error {
		state, err := with.status(ctx)
		if err == nil {
			status, err = statusOf(state, m.platform.knowsFailed)
		}
		return err
	})
	return status, err
}

func (m *managed) Logger(errs chan<- error) (Logger, error) {
	if m.platform.interactive() {
		return ConsoleLogger, nil
	}
	return m.SystemLogger(errs)
}

func (m *managed) SystemLogger(errs chan<- error) (Logger, error) {
	return openSystemLogger(m.Name, errs)
}

// verb runs one verb and puts its error into the original's terms.
func (m *managed) verb(do func(context.Context, serviceManager) error) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), verbTimeout,
		fmt.Errorf("the service manager hasn't done it within %v", verbTimeout))
	defer cancel()
	err := do(ctx, m.platform.serviceManager(m.Config))
	switch {
	case errors.Is(err, manager.ErrNotInstalled):
		return ErrNotInstalled // as it is: programs compare with ==
	case errors.Is(err, manager.ErrUnsupported):
		return fmt.Errorf("%w %w", ErrNoServiceSystemDetected, err)
	}
	return err
}

// statusOf puts a state into the original's terms. knowsFailed: the service manager tells a failed service from a stopped one.
func statusOf(state manager.State, knowsFailed bool) (Status, error) {
	switch state {
	case manager.Running, manager.Starting, manager.Reloading, manager.Restarting:
		return StatusRunning, nil
	case manager.Stopped, manager.Stopping, manager.Paused, manager.Pausing, manager.Continuing:
		return StatusStopped, nil
	case manager.Failed:
		if !knowsFailed {
			return StatusStopped, nil
		}
		return StatusUnknown, errors.New("service in failed state")
	}
	return StatusUnknown, fmt.Errorf("unknown status %v", state)
}
