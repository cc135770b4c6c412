package logfile

import (
	"os"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// fileMode is that of the files in the log folder: the group may read them.
const fileMode = 0o640

// openFile opens a file for reading and writing; flags are os.O_CREATE and os.O_EXCL.
func openFile(path string, flags int) (*os.File, error) {
	return safefile.OpenFile(path, os.O_RDWR|flags, fileMode)
}
