package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotRunning says that no supervisor listens: there is no socket, or a stale one.
var ErrNotRunning = errors.New("not running")

// errStarting is reach's.
var errStarting = errors.New("no supervisor listens yet")

// StartingError says that no supervisor listens yet: the service's keeper lives, and one is being started or replaced. It is an
// [ErrNotRunning], too.
type StartingError struct{ Service string }

func (e *StartingError) Error() string {
	return strings.TrimSpace("service "+e.Service) + " is without a supervisor at the moment: its keeper lives, and is starting one; the programs run on"
}

// Is makes it an [ErrNotRunning].
func (e *StartingError) Is(target error) bool { return target == ErrNotRunning }

// PermissionError says that the control socket may not be opened by this user.
type PermissionError struct {
	Service string // "": unknown
	Socket  string
	Owner   string // name or number of the user it belongs to; "": can't be found out
}

func (e *PermissionError) Error() string {
	what, whom := e.Socket, "another user"
	if e.Service != "" {
		what = "service " + e.Service
	}
	if e.Owner != "" {
		whom = e.Owner
	}
	return fmt.Sprintf("%s belongs to %s: %s, or have yourself named among its readers (control.readers in its definition)", what, whom, elevate)
}

// APIError is an answer of the supervisor that isn't a success.
type APIError struct {
	Status int // of HTTP
	Problem
}

func (e *APIError) Error() string {
	if e.Problem.Error == "" {
		return fmt.Sprintf("the supervisor answered %d %s", e.Status, http.StatusText(e.Status))
	}
	return e.Problem.Error
}

// notReached says why the socket couldn't be connected to.
func (c *Client) notReached(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrPermission):
		return &PermissionError{Service: c.service, Socket: c.socket, Owner: ownerOf(c.socket)}
	case errors.Is(err, errStarting):
		return &StartingError{Service: c.service}
	case absent(err):
		if c.service != "" {
			return fmt.Errorf("service %s is %w", c.service, ErrNotRunning)
		}
		return fmt.Errorf("%w: nobody listens on %s", ErrNotRunning, c.socket)
	}
	return fmt.Errorf("connecting to %s: %w", c.socket, err)
}

// ownerOf names the owner of the socket's folder: of the first on the way up that may be looked at.
func ownerOf(socket string) string {
	for dir := filepath.Dir(socket); ; dir = filepath.Dir(dir) {
		if info, err := os.Lstat(dir); err == nil {
			return owner(info)
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
