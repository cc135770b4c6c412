package store

import (
	"errors"
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
	for end := time.Now().Add(heldTimeout); ; time.Sleep(heldStep) {
		err := safefile.RenameNew(from, to)
		held := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !held || time.Now().After(end) {
			return err
		}
	}
}
