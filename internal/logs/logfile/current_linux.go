package logfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// unlinked tells whether no name leads to the file any more.
func unlinked(f *os.File) bool {
	var st unix.Stat_t
	return unix.Fstat(int(f.Fd()), &st) == nil && st.Nlink == 0
}
