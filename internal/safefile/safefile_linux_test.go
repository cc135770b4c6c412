package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func systemStrangers() map[string]stranger {
	return map[string]stranger{
		"FIFO":             {put: func(path, _ string) error { return unix.Mkfifo(path, 0o600) }},
		"endless device":   {put: func(path, _ string) error { return unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 5))) }}, // /dev/zero
		"link to a device": {put: func(path, _ string) error { return os.Symlink("/dev/zero", path) }},
		"socket": {put: func(path, _ string) error {
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
		}},
		"foreign owner": {readable: true, put: func(path, _ string) error {
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				return err
			}
			return os.Chown(path, 61234, 61234) // takes root
		}},
	}
}

// TestRootsFilesAreOurs: what root made is no stranger's.
func TestRootsFilesAreOurs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root, to become somebody else")
	}
	path := filepath.Join(t.TempDir(), "file")
	writeFile(t, path, "")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := check(f, path, true); err != nil {
		t.Error(err)
	}
}

// TestReplaceKeepsUmaskOut: the mode is the one that was asked for.
func TestReplaceKeepsUmaskOut(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	path := filepath.Join(t.TempDir(), "file")
	for mode, options := range map[os.FileMode][]Option{0o644: nil, 0o600: {Private}, 0o640: {Unsynced}} {
		if err := Replace(path, nil, mode, options...); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%v, %v; want %v", info.Mode(), err, mode)
		}
	}
}

// TestReplaceTakesAwayALink: what it leads to stays as it is.
func TestReplaceTakesAwayALink(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "file"), filepath.Join(dir, "victim")
	writeFile(t, victim, "keep me")
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := content(t, victim); got != "keep me" {
		t.Errorf("%q", got)
	}
	if f, err := Open(path); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
}

// TestReplaceOnAFullDisk leaves the old file, and nothing beside it.
func TestReplaceOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("takes the right to mount: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	path := filepath.Join(dir, "file")
	if err := Replace(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, make([]byte, 1<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%v", err)
	}
	if got := content(t, path); got != "old" {
		t.Errorf("%q", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestOpenWithin: a link in the place of a folder leads nowhere out, and nothing is waited for.
func TestOpenWithin(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(elsewhere, "file"), "theirs")
	for name, put := range map[string]func(folder string) error{
		"a link to elsewhere": func(folder string) error { return os.Symlink(elsewhere, folder) },
		"a relative one":      func(folder string) error { return os.Symlink("../"+filepath.Base(elsewhere), folder) },
		"a link as the file": func(folder string) error {
			return errors.Join(os.Mkdir(folder, 0o755), os.Symlink(elsewhere+"/file", folder+"/file"))
		},
		"a FIFO as the file": func(folder string) error {
			return errors.Join(os.Mkdir(folder, 0o755), unix.Mkfifo(folder+"/file", 0o600))
		},
		"a folder as the file": func(folder string) error { return os.MkdirAll(folder+"/file", 0o755) },
	} {
		folder := filepath.Join(dir, "folder")
		if err := put(folder); err != nil {
			t.Fatal(err)
		}
		if f, err := OpenWithin(dir, "folder/file"); err == nil {
			f.Close()
			t.Errorf("%s: was opened", name)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenWithin(dir, "folder/file"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "folder", "file"), "ours")
	f, err := OpenWithin(dir, "folder/file")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}
