package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/service/manager"
)

// exitError ends daruma with the exit code. err is printed, unless silent says that this has been done.
type exitError struct {
	code   int
	err    error
	silent bool
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

// clientFailure gives an error of the control client its exit code, and says what to do next.
func clientFailure(service string, err error) error {
	var api *control.APIError
	var denied *control.PermissionError
	var exit *exitError
	var system *elsewhereError
	var starting *control.StartingError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit): // has them already
		return err
	case errors.As(err, &starting):
		return &exitError{code: ExitNotRunning, err: fmt.Errorf("%w. Ask again in a few seconds", err)}
	case errors.Is(err, control.ErrNotRunning):
		return notRunning(service, err)
	case errors.As(err, &denied), errors.As(err, &system):
		return &exitError{code: ExitFailed, err: err}
	case errors.As(err, &api):
		code := ExitFailed
		if api.Status == 400 || api.Status == 404 || api.Status == 422 {
			code = ExitUsage
		}
		if api.Status == 404 || api.Hint == "" { // which names what there is already
			return &exitError{code: code, err: err}
		}
		return &exitError{code: code, err: fmt.Errorf("%w (%s)", err, api.Hint)}
	}
	return &exitError{code: ExitFailed, err: fmt.Errorf("service %s: %w", service, inWords(err))}
}

// errSilent is what a supervisor that doesn't answer in time is about.
var errSilent = errors.New("its supervisor doesn't answer: it is being started or replaced, or it hangs, and then its keeper replaces it; " +
	"the programs run on. Ask again in a few seconds")

// inWords says what the end of a client's time means.
func inWords(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errSilent
	}
	return err
}

// serviceFailure gives an error of the service manager its exit code.
func serviceFailure(err error) error {
	var exit *exitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return err
	case errors.Is(err, manager.ErrNotInstalled):
		return &exitError{code: ExitNotRunning, err: err}
	case errors.Is(err, manager.ErrInvalid):
		return &exitError{code: ExitUsage, err: err}
	}
	return &exitError{code: ExitFailed, err: err}
}

// installFailure gives an error of an installation its exit code. What is wrong with a definition it prints as it is, a line each.
func installFailure(std IO, err error) error {
	var wrong *install.DefinitionError
	var usage *install.UsageError
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintln(std.Err, err)
		return &exitError{code: ExitUsage, err: err, silent: true}
	case errors.As(err, &usage):
		return &exitError{code: ExitUsage, err: err}
	}
	return serviceFailure(err)
}
