package logs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openLog opens a regular file for reading and writing and makes it where it is missing. A symbolic link is refused
// (someone who may write in the folder must not choose what daruma writes to), and a FIFO doesn't block.
func openLog(path string, flags int) (*os.File, error) {
	return openChecked(path, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK|flags)
}

// openRead opens a regular file for reading, under the same rules.
func openRead(path string) (*os.File, error) {
	return openChecked(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK)
}

func openChecked(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags, 0o640)
	if errors.Is(err, unix.ELOOP) {
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("is a symbolic link, which logs don't follow; remove it")}
	}
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		f.Close()
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		f.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("isn't a regular file; remove it")}
	}
	return f, nil
}

// unlinked tells whether no name leads to the file any more.
func unlinked(f *os.File) bool {
	var st unix.Stat_t
	return unix.Fstat(int(f.Fd()), &st) == nil && st.Nlink == 0
}

// renameNew renames and never replaces what is there.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL || err == unix.ENOSYS { // not every file system can
		if _, e := os.Lstat(to); e == nil {
			err = unix.EEXIST
		} else {
			return os.Rename(from, to)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncDir makes renames in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
