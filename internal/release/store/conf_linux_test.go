package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/archive"
)

// TestConfReadsNothingElse: a folder of conf/ that became a link, after it was seen to be a folder, leads to no other file.
func TestConfReadsNothingElse(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(root, "conf"), 0o755), os.WriteFile(filepath.Join(elsewhere, "shadow"), []byte("secret"), 0o600),
		os.Symlink(elsewhere, filepath.Join(root, "conf", "sub"))); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if c, err := readConf(dir, "conf/sub/shadow", &archive.Manifest{}, nil); err == nil {
		t.Errorf("read %q", c.content)
	}
}

// TestUmask: the service's account goes through folders that somebody with a strict umask had made.
func TestUmask(t *testing.T) {
	root := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(root, "conf", "sub"), 0o755), os.WriteFile(filepath.Join(root, "conf/sub/a"), []byte("a"), 0o644)); err != nil {
		t.Fatal(err)
	}
	defer syscall.Umask(syscall.Umask(0o077))
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, err := Conf(root, &archive.Manifest{OS: "linux"}, nil)
	if err == nil {
		err = s.Add("1.0.0", func(dir string) error { return Merge(dir, list) })
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"releases", "releases/1.0.0", "releases/1.0.0/conf", "releases/1.0.0/conf/sub"} {
		if info, err := os.Stat(filepath.Join(root, folder)); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v %v", strings.TrimPrefix(folder, root), info.Mode(), err)
		}
	}
}
