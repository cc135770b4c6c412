// Package lock is the lock by which a keeper holds its service: no two keepers of one service at a time. The operating system drops it
// with the process, however that ends.
package lock

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// Lock says that this process holds the service.
type Lock struct{ file *os.File }

// HeldError says that another process holds the lock. PID is that process' number as the file has it.
type HeldError struct{ PID string }

func (e *HeldError) Error() string { return "held by the process " + e.PID }

// Take takes the lock in the file path, which it makes if there is none. Where another process holds it, the error is a *HeldError. clean
// is false where the last holder was killed before it could release it.
func Take(path string) (l *Lock, clean bool, err error) {
	f, err := open(path)
	if err != nil {
		return nil, false, err
	}
	var buf [64]byte
	n, _ := f.ReadAt(buf[:], 0)
	holder := strings.TrimSpace(string(buf[:n]))
	if err := tryFor(deathTime, f); err != nil {
		f.Close()
		if errors.Is(err, errHeld) {
			return nil, false, &HeldError{holder}
		}
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	if err := sign(f); err != nil {
		f.Close()
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	return &Lock{f}, holder == "", nil
}

// sign writes our pid into the file. The lock holds on a full disk too; only the pid is missing then.
func sign(f *os.File) error {
	err := f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if errors.Is(err, errDiskFull) {
		return nil
	}
	return err
}

// Renew takes the lock anew where somebody has removed its file: the next keeper would make another, and hold the lock in that one. path is
// that of Take. It doesn't wait. After an error the old lock is all there is, and Renew may be tried again; a *HeldError says that the next
// keeper was faster. On Windows nobody can remove the file.
func (l *Lock) Renew(path string) error {
	if !removed(l.file) {
		return nil
	}
	f, err := open(path)
	if err != nil {
		return err
	}
	if err := try(f); err != nil {
		f.Close()
		if errors.Is(err, errHeld) {
			return &HeldError{}
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	_ = l.file.Close()
	l.file = f
	return sign(f)
}

// deathTime is how long a holder that was just killed may still have the lock: until the kernel has taken it apart. Whoever tries on
// Windows whether there is a holder (package control) has it for a moment too.
const deathTime = 500 * time.Millisecond

func tryFor(limit time.Duration, f *os.File) error {
	for end := monotonic.Now() + limit; ; time.Sleep(10 * time.Millisecond) {
		if err := try(f); !errors.Is(err, errHeld) || monotonic.Now() > end {
			return err
		}
	}
}

// Release gives the lock up, and leaves a file that says so.
func (l *Lock) Release() {
	_ = l.file.Truncate(0)
	_ = l.file.Close()
}
