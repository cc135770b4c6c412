package manager

import (
	"errors"
	"strings"
)

// The kinds of errors, for errors.Is. The error itself is an *Error, which has the remedy.
var (
	ErrInvalid           = errors.New("the service manager can't take this")           // the Spec
	ErrNotInstalled      = errors.New("there is no such service")                      // of this name
	ErrRights            = errors.New("the rights for it are missing")                 // nothing was changed
	ErrForeign           = errors.New("daruma didn't install it")                      // Manager.Overwrite takes it over
	ErrDisabled          = errors.New("the service is disabled")                       // start type
	ErrMarkedForDeletion = errors.New("the service is marked for deletion")            // Windows, error 1072
	ErrFailed            = errors.New("the service manager couldn't do it")            // the service didn't start or stop
	ErrUnsupported       = errors.New("there is no service manager that daruma knows") // macOS, containers without systemd
)

// Error is what all functions of this package return, but for errors of the context, which it wraps as Cause.
type Error struct {
	Op     string // "installing", "starting" …
	Name   string // the service
	Kind   error  // one of the Err… variables, or nil where the cause is enough
	Detail string // what was found, may be empty
	Remedy string // what to do next, may be empty
	Cause  error  // the system's error, may be nil
}

func (e *Error) Error() string {
	var parts []string
	for _, part := range []string{e.Op + " " + e.Name, text(e.Kind), e.Detail, text(e.Cause)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	s := strings.Join(parts, ": ")
	if e.Remedy != "" {
		s += " (" + e.Remedy + ")"
	}
	return s
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Unwrap gives Kind and Cause, so that errors.Is and errors.As find either.
func (e *Error) Unwrap() []error {
	var list []error
	for _, err := range []error{e.Kind, e.Cause} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}
