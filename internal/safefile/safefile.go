// Package safefile is daruma's one way to open a file that a stranger may have touched, and to replace a file as a whole.
//
// In many folders that daruma reads and writes, another account decides what a name means: the service's account in state and
// logs, any user in a folder of DARUMA_HOME. It may put a link, a FIFO or a device where a file is expected. Whoever opens such a
// name with package os follows the link with its own rights, or waits for ever.
//
// All functions here refuse, with an error for which errors.Is(err, [ErrRefused]) holds:
//
//   - a symbolic link, a junction or any other reparse point as the last part of the path
//   - what isn't a regular file: a folder, a FIFO, a socket, a device, a named pipe. None of them is waited for
//   - for writing: a file with more than one hard link, because the other name may be that of any file on the disk
//   - for writing, on Linux: a file of another user than the caller's own and root
//
// Windows tells nobody at the other end of a named pipe who the caller is (SECURITY_SQOS_PRESENT with SECURITY_ANONYMOUS), should a
// name lead to one after all. Owners aren't compared there: files of one service belong to its account, to SYSTEM or to the
// administrators, depending on who was first, and access lists decide who writes.
//
// The folder of the path is the caller's business: a link in the middle of a path is followed, except by [OpenWithin], which follows none
// that leads out of its folder, and [ReadOwned], which looks at the whole path.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrRefused is the kind of all errors that say that something else than an ordinary file of ours has the name.
var ErrRefused = errors.New("is refused")

// refusal says what is wrong with what has the name.
type refusal string

func (r refusal) Error() string      { return string(r) }
func (refusal) Is(target error) bool { return target == ErrRefused }
func refused(path, why string) error { return &os.PathError{Op: "open", Path: path, Err: refusal(why)} }
func writes(flag int) bool           { return flag&(os.O_WRONLY|os.O_RDWR) != 0 }

// The reasons. Each says what to do.
const (
	isLink    = "is a symbolic link, which daruma doesn't follow; remove it"
	isNotFile = "isn't a regular file; remove it"
	namesNone = "isn't a regular file; name one" // of a file that a definition names
	isShared  = "has more than one hard link, so that another file would be written to; remove it"
)

// Open opens a file for reading. A file that somebody writes to, renames or deletes meanwhile is no error, on Windows either.
func Open(path string) (*os.File, error) { return OpenFile(path, os.O_RDONLY, 0) }

// OpenWithin opens the file name, a path within dir, for reading. Whatever happens to the folders between the two meanwhile, no link on the
// way leads out of dir: it is [os.Root] that walks it.
func OpenWithin(dir, name string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return openWithin(root, name)
}

// OpenFile opens a file as [os.OpenFile] does. Flags are one of os.O_RDONLY, os.O_WRONLY and os.O_RDWR, and os.O_CREATE, os.O_EXCL
// and os.O_TRUNC. A file is emptied only after it was checked. mode is that of a new file, less umask; Windows has none, a new file
// gets the access list of its folder.
//
// On Windows others may read, write, rename and delete the file while it is open.
func OpenFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	f, err := open(path, flag&^os.O_TRUNC, mode)
	if err != nil || flag&os.O_TRUNC == 0 {
		return f, err
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadFile reads a whole file. One that is longer than limit bytes is an error: no more than that is ever in memory.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	return readAll(f, limit)
}

// ReadOwn is [ReadFile] for what will be obeyed, as a list of commands is: a file that another user could have written is refused, by
// the rules for writing. On Windows the access list of the folder is what says who could.
func ReadOwn(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	if err := checkOwn(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return readAll(f, limit)
}

// ReadOwned reads a whole file that is named to this process, and that others may have put there or changed: a configuration that a
// program's user keeps. What it reads is passed on to somebody with fewer rights, so nothing may be read that only this process may read,
// unless its administrator has named it. On Linux it refuses
//
//   - a file that belongs neither to root nor to the caller's own user nor to one of owners
//   - a path with a link of anybody else; and behind a link of one of owners any file but that owner's. Other links are followed
//   - a file with more than one hard link in a folder that others may write to: they may have made the link
//   - what isn't a regular file, without waiting for it; and a file on which somebody holds a lease, which open(2) would wait for
//
// A file that is longer than limit bytes is an error, too. On Windows the access list of the folder says who could have put a file
// there, and only kind and length are looked at.
func ReadOwned(path string, limit int64, owners ...int) ([]byte, error) {
	f, err := openOwned(path, owners)
	if err != nil {
		return nil, err
	}
	return readAll(f, limit)
}

// ReadStart is [ReadOwned] for the first bytes of a file, which may be longer: limit of them, or all that there are.
func ReadStart(path string, limit int64, owners ...int) ([]byte, error) {
	f, err := openOwned(path, owners)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// readAll reads a file to its end and closes it.
func readAll(f *os.File, limit int64) ([]byte, error) {
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", f.Name(), limit)
	}
	return data, nil
}
