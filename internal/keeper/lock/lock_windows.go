package lock

import (
	"os"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/safefile"
)

const (
	errHeld     = windows.ERROR_LOCK_VIOLATION
	errDiskFull = windows.ERROR_DISK_FULL
)

// byteOffset is where the byte is that is locked, as the upper half of its offset: far behind the file's end, because others can't read a
// locked byte, and the pid must be read.
const byteOffset = 1 << 30

// open forbids others to remove or rename the file: a second keeper would make another, and hold the lock in that one.
func open(path string) (*os.File, error) {
	const access, share = windows.GENERIC_READ | windows.GENERIC_WRITE, windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE
	return safefile.OpenSharing(path, access, share, windows.OPEN_ALWAYS)
}

// try locks without waiting.
func try(f *os.File) error { return lockByte(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// Held says whether somebody holds the lock in this open file. To find out, it tries a shared lock, which the file's end takes away again:
// a keeper that begins meanwhile waits that long.
func Held(f *os.File) bool { return lockByte(f, 0) == errHeld }

func lockByte(f *os.File, flags uint32) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), flags|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: byteOffset})
}

// removed: see open.
func removed(*os.File) bool { return false }
