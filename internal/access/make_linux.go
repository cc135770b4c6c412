package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/daruma-sh/daruma/internal/folders"
)

// madeFolder is one of a service's folders.
type madeFolder struct {
	path string
	mode fs.FileMode
}

func foldersOf(f folders.Folders) []madeFolder {
	return []madeFolder{{f.State, 0o700}, {f.Logs, 0o750}, {f.Run, 0o700}}
}

func makeFolders(_ string, f folders.Folders, d Distrust) error {
	for _, dir := range foldersOf(f) {
		if d == Strangers && privileged() { // first: nothing is to be made where somebody else decides what a name means
			if err := safeForRoot(dir.path); err != nil {
				return err
			}
		}
		// The folders above are for all services, whatever accounts they run as.
		err := os.MkdirAll(filepath.Dir(dir.path), 0o755)
		if err == nil {
			err = os.MkdirAll(dir.path, dir.mode)
		}
		if err != nil {
			return fmt.Errorf("creating %s: %w (set DARUMA_HOME to a folder you can write)", dir.path, err)
		}
		if err := own(dir.path); d == Strangers && err != nil {
			return err
		}
	}
	return nil
}

func makeConfig(_ string, f folders.Folders) error {
	if privileged() {
		if err := safeForRoot(f.Config); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(f.Config, 0o755); err != nil {
		return fmt.Errorf("creating %s: %w (set DARUMA_HOME to a folder you can write)", f.Config, err)
	}
	return own(f.Config)
}

// safeForRoot looks at the folder, or where it will be made.
func safeForRoot(dir string) error {
	path := dir
	for {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			break
		}
		path = filepath.Dir(path)
	}
	_, err := NewLooker().look(path, itsDir, Principals{})
	var found *ExposedError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &found):
		return fmt.Errorf("looking at whose folder %s is: %w", path, err)
	case found.Where != dir:
		return &FolderError{dir, err, "set DARUMA_HOME to a folder that only root can change, " +
			"or take it with daruma run --allow-unsafe"}
	}
	return &FolderError{dir, fmt.Errorf("%s %s, and could have put links there, which root would follow", found.Who, found.What),
		fmt.Sprintf("set DARUMA_HOME to another folder, or move this one away (mv %s %s.old); a service that was installed again for root "+
			"takes its folders over when it starts", dir, dir)}
}

// own refuses a folder of another user.
func own(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at whose folder %s is: %w", dir, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 || int(st.Uid) == os.Geteuid() {
		return nil
	}
	return &FolderError{dir, fmt.Errorf("it belongs to user %d, and this is user %d", st.Uid, os.Geteuid()),
		fmt.Sprintf("set DARUMA_HOME to another folder, or give it to user %d (chown -R %d %s, as root)", os.Geteuid(), os.Geteuid(), dir)}
}
