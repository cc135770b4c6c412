package keeper

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// lock says that this process holds the service. The kernel drops it with the process, however that ends.
type lock struct{ file *os.File }

// takeLock takes it, or says who has it. clean is false where the last holder didn't get to release it.
func takeLock(path, service string) (l *lock, clean bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	var buf [64]byte
	n, _ := f.ReadAt(buf[:], 0)
	holder := strings.TrimSpace(string(buf[:n]))
	if err := lockSoon(windows.Handle(f.Fd())); err != nil {
		f.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, false, heldBy(service, holder)
		}
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil && !errors.Is(err, windows.ERROR_DISK_FULL) { // the lock holds on a full disk too; only the pid is missing
		f.Close()
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	return &lock{f}, holder == "", nil
}

// lockSoon has patience with a holder that was just killed, and with someone who looks whether there is one (package
// control). The locked byte is far behind the file's end: a locked byte can't be read by others, and the pid must be.
func lockSoon(h windows.Handle) error {
	const patience, step = 500 * time.Millisecond, 10 * time.Millisecond
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	for end := monotonic.Now() + patience; ; time.Sleep(step) {
		err := windows.LockFileEx(h, flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: lockedByte})
		if !errors.Is(err, windows.ERROR_LOCK_VIOLATION) || monotonic.Now() > end {
			return err
		}
	}
}

// lockedByte is the upper half of the offset of the byte that is locked. Package control knows it too.
const lockedByte = 1 << 30

func (l *lock) release() {
	_ = l.file.Truncate(0)
	_ = l.file.Close()
}
