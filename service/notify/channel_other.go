//go:build !linux && !windows

package notify

import (
	"errors"
	"time"
)

// pipe doesn't exist: daruma's supervisor runs on Linux and Windows.
type pipe struct{}

var errNoPipe = errors.New("daruma's channel isn't supported on this system")

func takePipe(uintptr) (pipe, error)    { return pipe{}, errNoPipe }
func (pipe) write([]byte) (int, error)  { return 0, errNoPipe }
func (pipe) close() error               { return nil }
func (pipe) drained(time.Duration) bool { return false }
