package lock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/safefile"
)

const (
	errHeld     = unix.EWOULDBLOCK
	errDiskFull = unix.ENOSPC
)

func open(path string) (*os.File, error) {
	return safefile.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

// try locks without waiting.
func try(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// removed says whether the file has no name any more. It takes what the kernel knows: a network file system isn't asked.
func removed(f *os.File) bool {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_NLINK, &st)
	return err == nil && st.Mask&unix.STATX_NLINK != 0 && st.Nlink == 0
}

// Adopt gives a lock that this process took before it executed another image: its file is still open.
func Adopt(fd int) *Lock { return &Lock{os.NewFile(uintptr(fd), "lock")} }

// FD is the number of the lock's file, which holds the lock as long as it is open.
func (l *Lock) FD() int { return int(l.file.Fd()) }
