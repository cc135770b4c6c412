package access

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// safeFolder is one that only root may write: no folder for temporary files is that.
func safeFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give files to somebody else")
	}
	dir, err := os.MkdirTemp("/opt", "daruma-test-")
	must(t, err) // root may write there
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func subfolders(t *testing.T, root string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		must(t, os.MkdirAll(filepath.Join(root, p), 0o755))
	}
}

func makeFile(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), mode))
	must(t, os.Chmod(path, mode)) // whatever the umask
}

// TestLinksOnTheWay: the folder of each link decides what the path means, not only the folders of its two ends.
func TestLinksOnTheWay(t *testing.T) {
	dir := safeFolder(t)
	in := func(p string) string { return filepath.Join(dir, p) }
	subfolders(t, dir, "app", "open/deep", "target/bin", "above")
	must(t, os.Chmod(in("open"), 0o777))
	makeFile(t, in("target/bin/server"), "", 0o755)
	must(t, os.Symlink("../open/deep/link", in("app/current"))) // its own link is safe …
	must(t, os.Symlink("../../target", in("open/deep/link")))   // … and so is the end, but anybody can put another folder open/deep in place
	must(t, os.Symlink("../target/bin/../bin/server", in("above/plain")))
	must(t, os.Symlink("loop", in("above/loop")))

	var found *ExposedError
	if err := Exposed(in("app/current/bin/server")); !errors.As(err, &found) || found.Where != in("open") || found.Remedy != "chmod o-w "+in("open") {
		t.Errorf("through a link in a folder that everybody may write: %v", err)
	}
	if err := Exposed(in("above/plain")); err != nil {
		t.Errorf("through links in safe folders alone: %v", err)
	}
	if err := Exposed(in("above/loop")); !errors.Is(err, errLinks) {
		t.Errorf("a loop: %v", err)
	}
	must(t, os.Chmod(in("open"), 0o755))
	if err := Exposed(in("app/current/bin/server")); err != nil {
		t.Errorf("mended: %v", err)
	}
	must(t, os.Lchown(in("open/deep/link"), 61234, 61234))
	must(t, os.Chmod(in("open/deep"), 0o1777))
	if err := Exposed(in("app/current/bin/server")); !errors.As(err, &found) || found.Where != in("open/deep/link") || !strings.Contains(found.Remedy, "chown -h") {
		t.Errorf("through somebody's link in a sticky folder: %v", err)
	}
}

// TestAccessListOfAFile: the bits of the group say nothing of whom an access list names.
func TestAccessListOfAFile(t *testing.T) {
	dir := safeFolder(t)
	file := filepath.Join(dir, "x")
	makeFile(t, file, "", 0o664)
	if err := Exposed(file); err != nil {
		t.Fatalf("the group root may write, and that is safe: %v", err)
	}
	// acl(5) as the kernel stores it (struct posix_acl_xattr_header): version 2, then tag, permissions and id of each entry.
	acl := []byte{2, 0, 0, 0}
	for _, e := range [][3]uint32{{0x01, 6, ^uint32(0)}, {0x02, 6, 61234}, {0x04, 4, ^uint32(0)}, {0x10, 6, ^uint32(0)}, {0x20, 4, ^uint32(0)}} {
		acl = append(acl, byte(e[0]), 0, byte(e[1]), 0, byte(e[2]), byte(e[2]>>8), byte(e[2]>>16), byte(e[2]>>24))
	}
	if err := setXattr(file, acl); err != nil {
		t.Skipf("this file system keeps no access lists: %v", err)
	}
	var found *ExposedError
	if err := Exposed(file); !errors.As(err, &found) || !strings.Contains(found.Remedy, "setfacl") {
		t.Errorf("a user of the access list may write: %v", err)
	}
}
