package control

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net"
	"syscall"
	"time"
)

// successorTimeout is how long a client waits for a supervisor that is being started: longer than a keeper needs to replace one.
const successorTimeout = 3 * time.Second

// reach connects to the supervisor. Where none listens but the service's keeper lives, one is being started or replaced:
// to say "not running" then would be wrong, so reach waits for it, at most [successorTimeout], and gives errStarting then.
func reach(ctx context.Context, socket string) (net.Conn, error) {
	for end := time.Now().Add(successorTimeout); ; {
		conn, err := dial(ctx, socket)
		if err == nil || !absent(err) {
			return conn, err
		}
		lives, odd := keeperLives(socket)
		switch {
		case odd != nil || !lives:
			return nil, cmp.Or(odd, err)
		case time.Now().After(end):
			return nil, errStarting
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// absent says whether err of dial means that nobody listens.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) || refused(err)
}
