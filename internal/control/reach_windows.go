package control

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// keeperLives says whether a keeper holds the lock file beside the socket. It tries a shared lock: that fails where a
// keeper has its exclusive one, and where not, it is gone again within the patience that a keeper has with it.
func keeperLives(socket string) bool {
	name, err := windows.UTF16PtrFromString(filepath.Join(filepath.Dir(socket), "lock"))
	if err != nil {
		return false
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(h) // and with it the lock
	const lockedByte = 1 << 30   // the upper half of the offset: package keeper says why
	err = windows.LockFileEx(h, windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: lockedByte})
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}
