package safefile

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Option says how a file is written.
type Option int

const (
	// Private makes the file for the caller's user alone, whatever the folder's access list says; on Windows for the file's owner,
	// SYSTEM and the administrators. The mode doesn't matter then.
	Private Option = iota + 1
	// Unsynced spares the two fsyncs: for what means nothing after a power cut. After one the file may be empty.
	Unsynced
)

// Replace puts a file with this content in the place of the one at path, if there is one: at every instant, and after a power cut,
// there is either the old file or the new one, whole. mode is that of the new file, whatever umask says; Windows has none. A link at
// path is replaced, not followed. The folder must exist.
//
// It writes a temporary file in the same folder, whose name begins with a dot, and renames it. On Windows, where a virus scanner or
// somebody who reads may hold the old file for a moment, the renaming is tried for up to a second.
func Replace(path string, data []byte, mode fs.FileMode, options ...Option) error {
	return ReplaceFunc(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}, options...)
}

// ReplaceFunc is [Replace] where write brings the content. An error of write leaves the old file as it is.
func ReplaceFunc(path string, mode fs.FileMode, write func(io.Writer) error, options ...Option) error {
	private, sync := false, true
	for _, o := range options {
		private, sync = private || o == Private, sync && o != Unsynced
	}
	folder, name := filepath.Split(path)
	if folder == "" {
		folder = "."
	}
	dropTemporary(folder, name)
	f, err := createTemporary(folder, name, private)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil && !private {
		err = f.Chmod(mode)
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if sync {
		return SyncFolder(folder)
	}
	return nil
}

// CreatePrivate makes a file for writing that the caller's user alone may read; on Windows SYSTEM and the administrators may, too.
// Go's modes don't do there: a file has the access list of its folder, which outside of one's profile lets everybody read. A file
// that exists is an error of kind fs.ErrExist.
func CreatePrivate(path string) (*os.File, error) { return createPrivate(path) }

// temporaryMark stands between the name of a file and the number of its temporary file: ".NAME.new-NUMBER".
const temporaryMark = ".new-"

// createTemporary makes a new file. Several processes may replace the same file at once, so each has a temporary file of its own.
func createTemporary(folder, name string, private bool) (*os.File, error) {
	if !private {
		return os.CreateTemp(folder, "."+name+temporaryMark+"*")
	}
	for {
		path := filepath.Join(folder, "."+name+temporaryMark+strconv.FormatUint(rand.Uint64(), 36))
		if f, err := createPrivate(path); !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// temporaryAge is how old a temporary file is that nobody is writing any more.
const temporaryAge = time.Hour

// dropTemporary removes what a process left that was killed in the middle of replacing the same file.
func dropTemporary(folder, name string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+name+temporaryMark) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > temporaryAge {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}
