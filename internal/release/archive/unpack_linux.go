package archive

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// finish gives a new file its mode, whatever umask says: the service's account reads it.
func finish(f *os.File, mode fs.FileMode) error { return f.Chmod(mode) }

// syncTree brings all files below dir to the disk, by one call for their file system: an fsync for each of thousands of files takes many
// times as long. Errors of writing are given since Linux 5.8 (syncfs(2)).
func syncTree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return os.NewSyscallError("syncfs", unix.Syncfs(int(f.Fd())))
}
