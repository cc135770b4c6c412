package cli

import "os"

// createPrivate makes a new file that this user alone may read; one that exists is an error.
func createPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}
