package logs

import (
	"os"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// logMode is that of the files in the log folder: the group may read them.
const logMode = 0o640

// openLog opens a file for reading and writing; flags are os.O_CREATE and os.O_EXCL.
func openLog(path string, flags int) (*os.File, error) {
	return safefile.OpenFile(path, os.O_RDWR|flags, logMode)
}
