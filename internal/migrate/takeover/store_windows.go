package takeover

import (
	"errors"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// lock opens the file for this process alone: it is free again when the process is gone, however it went.
func lock(path string) (release func(), err error) {
	file, err := safefile.OpenSharing(path, windows.GENERIC_WRITE, 0, windows.OPEN_ALWAYS)
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}
