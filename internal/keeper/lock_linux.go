package keeper

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// lock says that this process holds the service. The kernel drops it with the process, however that ends.
type lock struct{ file *os.File }

// takeLock takes it, or says who has it. clean is false where the last holder didn't get to release it.
func takeLock(path, service string) (l *lock, clean bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, false, err
	}
	var buf [64]byte
	n, _ := f.ReadAt(buf[:], 0)
	holder := strings.TrimSpace(string(buf[:n]))
	if err := lockSoon(int(f.Fd())); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, false, heldBy(service, holder)
		}
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	if err = f.Truncate(0); err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil && !errors.Is(err, unix.ENOSPC) { // the lock holds on a full disk too; only the pid is missing
		f.Close()
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	return &lock{f}, holder == "", nil
}

// lockSoon has patience with a holder that was just killed: it holds the lock until the kernel has taken it apart.
func lockSoon(fd int) error {
	const patience, step = 500 * time.Millisecond, 10 * time.Millisecond
	for end := monotonic.Now() + patience; ; time.Sleep(step) {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) || monotonic.Now() > end {
			return err
		}
	}
}

func (l *lock) release() {
	_ = l.file.Truncate(0)
	_ = l.file.Close()
}
