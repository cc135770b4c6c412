package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// open opens and checks. O_NONBLOCK is for FIFOs, whose opening waits for the other end; regular files don't know it. O_NOCTTY is
// for a terminal's device, which would become ours.
func open(path string, flag int, mode fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, mode)
	switch {
	case errors.Is(err, unix.ELOOP):
		return nil, refused(path, isLink)
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.EISDIR): // a FIFO without a reader, a socket; a folder
		return nil, refused(path, isNotFile)
	case err != nil:
		return nil, err
	}
	if err := check(f, path, writes(flag)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func openWithin(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0) // it may find a FIFO, as open may
	if err != nil {
		return nil, err
	}
	if err := check(f, f.Name(), false); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// check asks what was opened, not what has the name now.
func check(f *os.File, path string, write bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular() || !ok:
		return refused(path, isNotFile)
	case write && st.Nlink > 1:
		return refused(path, isShared)
	case write && st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return refused(path, fmt.Sprintf("belongs to user %d, and this is user %d; remove it, or give it to user %d", st.Uid, os.Geteuid(), os.Geteuid()))
	}
	return nil
}

// checkOwn refuses, though f is only read, what would be refused for writing.
func checkOwn(f *os.File) error { return check(f, f.Name(), true) }
