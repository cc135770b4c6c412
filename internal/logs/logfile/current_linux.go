package logfile

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pathCheck is how often at most the path is compared with the open file: a file that logrotate renames is compressed and removed as
// soon as gzip has been started, which takes longer than this.
const pathCheck = time.Millisecond

// stateOf gives how many names lead to the file, and its size.
func stateOf(f *os.File) (links uint64, size int64, err error) {
	var st unix.Stat_t
	err = unix.Fstat(int(f.Fd()), &st)
	return uint64(st.Nlink), st.Size, err
}

// moved tells whether another file, or none, is at the path.
func moved(f *os.File, path string) bool {
	var open, at unix.Stat_t
	if err := unix.Lstat(path, &at); err != nil {
		return err == unix.ENOENT
	}
	return unix.Fstat(int(f.Fd()), &open) == nil && (at.Ino != open.Ino || at.Dev != open.Dev)
}
