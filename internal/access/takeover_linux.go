package access

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/folders"
)

func takeOverFolders(f folders.Folders, remove []string) error {
	for _, dir := range foldersOf(f) {
		if err := safeForRoot(filepath.Dir(dir.path)); err != nil { // else the name may be that of anybody's folder
			return err
		}
		fd, err := unix.Open(dir.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			continue
		} else if err != nil {
			return &os.PathError{Op: "open", Path: dir.path, Err: err}
		}
		folder := os.NewFile(uintptr(fd), dir.path)
		err = takeOverFolder(folder, dir, remove)
		folder.Close()
		if err != nil {
			return fmt.Errorf("giving %s to root: %w", dir.path, err)
		}
		remove = nil // they are in the first, the state folder
	}
	return nil
}

func takeOverFolder(folder *os.File, dir madeFolder, remove []string) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &st); err != nil || st.Uid == 0 {
		return err
	}
	// The folder itself first: from now on its former owner, of whom a process may be left, decides nothing in it.
	if err := unix.Fchown(int(folder.Fd()), 0, 0); err != nil {
		return err
	}
	if err := unix.Fchmod(int(folder.Fd()), uint32(dir.mode)); err != nil {
		return err
	}
	for _, name := range remove {
		if err := unix.Unlinkat(int(folder.Fd()), name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
			return &os.PathError{Op: "remove", Path: folder.Name() + "/" + name, Err: err}
		}
	}
	return takeOverNames(folder, st.Dev)
}

// takeOverNames gives what is in an open folder to root. What is on another file system isn't the service's.
func takeOverNames(folder *os.File, dev uint64) error {
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := takeOverName(folder, name, dev); err != nil && !errors.Is(err, unix.ENOENT) {
			return &os.PathError{Op: "chown", Path: folder.Name() + "/" + name, Err: err}
		}
	}
	return nil
}

func takeOverName(folder *os.File, name string, dev uint64) error {
	// O_PATH opens nothing: no FIFO is waited for, no device wakes up. Whatever has the name later, this is what is looked at and given.
	fd, err := unix.Openat(int(folder.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	isFolder := st.Mode&unix.S_IFMT == unix.S_IFDIR
	if st.Dev != dev || st.Nlink > 1 && !isFolder { // its other name may be that of any file
		return nil
	}
	if err := unix.Fchownat(fd, "", 0, 0, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW); err != nil || !isFolder {
		return err
	}
	below, err := unix.Openat(int(folder.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(below), folder.Name()+"/"+name)
	defer f.Close()
	var now unix.Stat_t
	if err := unix.Fstat(below, &now); err != nil || now.Dev != st.Dev || now.Ino != st.Ino {
		return err
	}
	// Who could write by its mode can't any more: the former account's group.
	if err := unix.Fchmod(below, st.Mode&0o7777&^0o022); err != nil {
		return err
	}
	return takeOverNames(f, dev)
}
