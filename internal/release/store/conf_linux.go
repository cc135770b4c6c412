package store

import (
	"io/fs"
	"os"
	"syscall"
)

// likeTheOriginal gives a copy the owner and mode of its original; an ordinary user's copies are his.
func likeTheOriginal(f *os.File, info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		if err := f.Chown(int(st.Uid), int(st.Gid)); err != nil {
			return err
		}
	}
	return f.Chmod(info.Mode().Perm())
}
