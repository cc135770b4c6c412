package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/folders"
)

const stranger = 61234

func foldersIn(dir string) folders.Folders {
	return folders.Folders{State: filepath.Join(dir, "state"), Logs: filepath.Join(dir, "logs"), Run: filepath.Join(dir, "run")}
}

func owner(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// TestFoldersOfStrangers: root makes and takes nothing where somebody else decides what a name means.
func TestFoldersOfStrangers(t *testing.T) {
	dir := safeFolder(t)
	in := func(p string) string { return filepath.Join(dir, p) }
	for name, attack := range map[string]func(){
		"a folder of a stranger": func() { subfolders(t, dir, "x/state"); must(t, os.Chown(in("x/state"), stranger, stranger)) },
		"above it, too":          func() { subfolders(t, dir, "x"); must(t, os.Chown(in("x"), stranger, stranger)) },
		"anybody may write it":   func() { subfolders(t, dir, "x/logs"); must(t, os.Chmod(in("x/logs"), 0o777)) },
		"a stranger's link": func() {
			subfolders(t, dir, "x")
			must(t, os.Chmod(in("x"), 0o1777))
			must(t, os.Symlink(in("precious"), in("x/run")))
			must(t, os.Lchown(in("x/run"), stranger, stranger))
		},
		"a link through a stranger's folder": func() {
			subfolders(t, dir, "x", "theirs")
			must(t, os.Chown(in("theirs"), stranger, stranger))
			must(t, os.Symlink(in("theirs/run"), in("x/run")))
			must(t, os.Symlink(in("precious"), in("theirs/run")))
		},
	} {
		subfolders(t, dir, "precious")
		attack()
		var refused *FolderError
		if err := MakeFolders("shop", foldersIn(in("x")), Strangers); !errors.As(err, &refused) || !strings.Contains(err.Error(), "DARUMA_HOME") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadDir(in("precious")); err != nil || len(left) > 0 {
			t.Errorf("%s: something was made where the link leads: %v, %v", name, left, err)
		}
		if err := MakeFolders("shop", foldersIn(in("x")), Nobody); err != nil {
			t.Errorf("%s, and it is to be taken all the same: %v", name, err)
		}
		for _, p := range []string{"x", "theirs", "precious"} {
			must(t, os.RemoveAll(in(p)))
		}
	}
	if err := MakeFolders("shop", foldersIn(in("new/x")), Strangers); err != nil {
		t.Errorf("new folders: %v", err)
	}
	if err := MakeFolders("shop", foldersIn(in("new/x")), Strangers); err != nil {
		t.Errorf("the same once more: %v", err)
	}
}

// TestTakeOver: root gets the folders of the former account, and nothing else that the account has put links to.
func TestTakeOver(t *testing.T) {
	dir := safeFolder(t)
	in := func(p string) string { return filepath.Join(dir, p) }
	f := foldersIn(in("x"))
	subfolders(t, dir, "x/state/deep", "x/logs", "x/run", "precious")
	for _, name := range []string{"x/state/data", "x/state/deep/more", "x/logs/a.log", "precious/file", "precious/linked", "x/state/last"} {
		makeFile(t, in(name), "text", 0o666)
	}
	must(t, os.Chmod(in("x/state/deep"), 0o777))
	must(t, os.Symlink(in("precious"), in("x/state/link")))
	must(t, os.Symlink(in("precious/file"), in("x/state/deep/link")))
	must(t, os.Link(in("precious/linked"), in("x/state/hard")))
	must(t, syscall.Mkfifo(in("x/state/fifo"), 0o666))
	must(t, os.Chown(in("precious"), stranger+1, stranger+1))
	for _, name := range []string{"file", "linked"} {
		must(t, os.Chown(in("precious/"+name), stranger+1, stranger+1))
	}
	for _, name := range []string{"x/state", "x/state/data", "x/state/deep", "x/state/deep/more", "x/state/last", "x/state/fifo", "x/logs", "x/logs/a.log", "x/run"} {
		must(t, os.Chown(in(name), stranger, stranger))
	}
	must(t, TakeOver(f, "last", "never there"))
	for _, name := range []string{"x/state", "x/state/data", "x/state/deep", "x/state/deep/more", "x/state/fifo", "x/logs", "x/logs/a.log", "x/run"} {
		if uid := owner(t, in(name)); uid != 0 {
			t.Errorf("%s belongs to user %d still", name, uid)
		}
	}
	for _, name := range []string{"precious", "precious/file", "precious/linked"} {
		if uid := owner(t, in(name)); uid != stranger+1 {
			t.Errorf("%s, to which a link led, belongs to user %d now", name, uid)
		}
	}
	if _, err := os.Lstat(in("x/state/last")); err == nil {
		t.Error("what the former account wrote to be obeyed is there still")
	}
	if info, err := os.Stat(in("x/state/deep")); err != nil || info.Mode().Perm()&0o022 != 0 {
		t.Errorf("others may still write: %v, %v", info.Mode(), err)
	}
	if err := MakeFolders("shop", f, Strangers); err != nil {
		t.Errorf("taken over: %v", err)
	}

	// Where the folder above is a stranger's, the name may be that of anybody's folder.
	subfolders(t, dir, "theirs/state", "bob/state")
	must(t, os.Chown(in("bob/state"), stranger+1, stranger+1))
	must(t, os.Chown(in("theirs"), stranger, stranger))
	must(t, os.RemoveAll(in("theirs/state")))
	must(t, os.Symlink(in("bob"), in("theirs/y")))
	if err := TakeOver(foldersIn(in("theirs/y"))); err == nil || owner(t, in("bob/state")) != stranger+1 {
		t.Errorf("through a stranger's link: %v, and it belongs to user %d", err, owner(t, in("bob/state")))
	}
}

// TestOnesOwnFolders: an ordinary user's are taken, and another's refused.
func TestOnesOwnFolders(t *testing.T) {
	if os.Geteuid() != 0 {
		must(t, MakeFolders("shop", foldersIn(t.TempDir()), Strangers))
		return
	}
	dir := safeFolder(t)
	subfolders(t, dir, "state")
	must(t, os.Chown(filepath.Join(dir, "state"), stranger, stranger))
	runAs(t, stranger+1, func() error {
		var refused *FolderError
		if err := own(filepath.Join(dir, "state")); !errors.As(err, &refused) {
			t.Errorf("another user's folder: %v", err)
		}
		return nil
	})
	runAs(t, stranger, func() error { return own(filepath.Join(dir, "state")) })
}

// runAs calls f with another effective user of this process.
func runAs(t *testing.T, uid int, f func() error) {
	t.Helper()
	must(t, syscall.Setresuid(-1, uid, -1))
	err := f()
	must(t, syscall.Setresuid(-1, 0, -1))
	must(t, err)
}
