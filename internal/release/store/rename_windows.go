package store

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// How long a folder is waited for in which somebody has a file open: a virus scanner that looks at what was just unpacked.
const (
	heldTimeout = 10 * time.Second
	heldStep    = 50 * time.Millisecond
)

func renameFolder(from, to string) error {
	return whileHeld(func() error { return safefile.RenameNew(from, to) })
}

// renameOver puts a file in the place of another.
func renameOver(from, to string) error {
	return whileHeld(func() error { return os.Rename(from, to) })
}

func whileHeld(rename func() error) error {
	for end := time.Now().Add(heldTimeout); ; time.Sleep(heldStep) {
		err := rename()
		held := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !held || time.Now().After(end) {
			return err
		}
	}
}
