package control

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// keeperLives says whether a keeper holds the lock file beside the socket. It tries a shared lock: that fails where a
// keeper has its exclusive one, and where not, it is gone again within the patience that a keeper has with it.
func keeperLives(socket string) bool {
	file, err := safefile.Open(filepath.Join(filepath.Dir(socket), "lock"))
	if err != nil {
		return false
	}
	defer file.Close()         // and with it the lock
	const lockedByte = 1 << 30 // the upper half of the offset: package keeper says why
	err = windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: lockedByte})
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}
