package logs

import (
	"os"

	"golang.org/x/sys/unix"
)

// punchHole gives a range of a file back to the file system, where that can do it; the rest of the file stays in place.
func punchHole(f *os.File, off, size int64) {
	unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, size)
}
