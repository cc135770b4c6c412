package access

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

func exposed(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for _, p := range []string{path, real} {
		if err := exposedOnTheWay(p); err != nil {
			return err
		}
	}
	return nil
}

func exposedOnTheWay(path string) error {
	sticky := false
	for p := path; ; p = filepath.Dir(p) {
		info, err := os.Lstat(p)
		if err != nil {
			return err
		}
		if err := judge(path, p, info); err != nil {
			return err
		}
		sticky = sticky || info.Mode()&fs.ModeSticky != 0
		if p == filepath.Dir(p) {
			break
		}
	}
	if sticky {
		return &ExposedError{Path: path, Where: path, Who: "a folder on its way", What: "is for temporary files, which are cleared away",
			Remedy: "put it elsewhere, /opt or /srv for example"}
	}
	return nil
}

// judge looks at one file or folder. The mode of a symbolic link says nothing; in a sticky folder only its owner replaces a file.
func judge(path, p string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s: its owner isn't known", p)
	}
	if st.Uid != 0 {
		return &ExposedError{Path: path, Where: p, Who: fmt.Sprintf("user %d", st.Uid), What: "owns it", Remedy: "chown root:root " + p}
	}
	mode := info.Mode()
	if mode&fs.ModeSymlink != 0 || mode&fs.ModeSticky != 0 && mode.IsDir() {
		return nil
	}
	if mode.Perm()&0o002 != 0 {
		return &ExposedError{Path: path, Where: p, Who: "everybody", What: "may write to it", Remedy: "chmod o-w " + p}
	}
	if mode.Perm()&0o020 != 0 && st.Gid != 0 {
		return &ExposedError{Path: path, Where: p, Who: fmt.Sprintf("group %d", st.Gid), What: "may write to it", Remedy: "chmod g-w " + p}
	}
	return nil
}
