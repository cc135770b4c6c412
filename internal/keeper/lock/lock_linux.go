package lock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const (
	errHeld     = unix.EWOULDBLOCK
	errDiskFull = unix.ENOSPC
)

func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
}

// try locks without waiting.
func try(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
