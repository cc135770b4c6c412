package takeover

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// lock is free again when the process is gone, however it went.
func lock(path string) (release func(), err error) {
	file, err := safefile.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrBusy
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return func() { _ = file.Close() }, nil
}
