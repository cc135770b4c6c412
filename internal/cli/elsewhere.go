package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/operate"
)

// elsewhereError says that what is asked for belongs to the system and not to this user.
type elsewhereError struct{ what string }

func (e *elsewhereError) Error() string { return e.what + ": " + elevated }

// elsewhere is an error where this user's folders aren't those in which the service is, but the system has it; nil otherwise. "" is any
// service: the error names those that there are.
func elsewhere(service string) error {
	names := folders.OfTheSystem()
	switch {
	case len(names) == 0:
		return nil
	case service == "":
		return &elsewhereError{"no service of yours is known here; the system has " + strings.Join(names, ", ") + ", open to root, their own accounts and the readers in their definitions"}
	case slices.Contains(names, service):
		return &elsewhereError{"service " + service + " is the system's, open to root, its own account and the readers in its definition"}
	}
	return nil
}

// noServices is the error where a verb is to show all services, and there is none.
func noServices() error {
	if err := elsewhere(""); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return &exitError{code: ExitNotRunning, err: errors.New("no service is known here. Start one with: daruma run FILE")}
}

// servicesFailure is the error where the folder of all services can't be read.
func servicesFailure(err error) error {
	return &exitError{code: ExitFailed, err: fmt.Errorf("looking for services: %w", withRights(err))}
}

// withRights says what is needed where err is about rights.
func withRights(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %s", err, elevated)
	}
	return err
}

// notRunning says why nobody answers for a service, and what to do: whose it is, and how it is started. err is [control.ErrNotRunning].
func notRunning(service string, err error) error {
	known, _ := folders.Services()
	own := slices.Contains(known, service)
	if !own {
		if err := elsewhere(service); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, ok := operate.Status(ctx, service); ok {
		return &exitError{code: ExitNotRunning, err: fmt.Errorf("%w. Start it with: daruma start %s", err, service)}
	}
	if !own && operate.Foreign(ctx, service) {
		return &exitError{code: ExitFailed, err: fmt.Errorf("%s is a service of the system that daruma doesn't look after%s: use %s", service, knownServices(service), systemTool)}
	}
	return &exitError{code: ExitNotRunning, err: fmt.Errorf("%w. Start it with: daruma run FILE%s", err, knownServices(service))}
}
