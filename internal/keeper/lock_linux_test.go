package keeper

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, clean, err := takeLock(path, "shop")
	if err != nil || !clean {
		t.Fatalf("a lock that nobody ever held: clean %v, %v", clean, err)
	}
	// The lock belongs to the open file, so that a second one of this process counts like another process'.
	_, _, err = takeLock(path, "shop")
	want := fmt.Sprintf("shop is already held up by another daruma (pid %d); see: daruma status shop", os.Getpid())
	if err == nil || err.Error() != want {
		t.Errorf("the second holder hears %v\n want %s", err, want)
	}
	first.release()
	second, clean, err := takeLock(path, "shop")
	if err != nil || !clean {
		t.Fatalf("after a release: clean %v, %v", clean, err)
	}
	second.release()
	if info, err := os.Stat(path); err != nil || info.Size() != 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A holder that was killed leaves its pid, which by now may be anybody's: the lock is free, and known to be unclean.
func TestLockOfTheDead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, clean, err := takeLock(path, "shop")
	if err != nil || clean {
		t.Fatalf("clean %v, %v", clean, err)
	}
	if data, _ := os.ReadFile(path); string(data) != fmt.Sprintln(os.Getpid()) {
		t.Errorf("the lock names %q as its holder", data)
	}
	_ = l.file.Close() // killed
	if _, clean, err = takeLock(path, "shop"); err != nil || clean {
		t.Errorf("clean %v, %v", clean, err)
	}
}

// Children must not hold the lock on when their keeper is gone.
func TestLockIsNotInherited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, _, err := takeLock(path, "shop")
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	_ = l.file.Close()
	if l, _, err = takeLock(path, "shop"); err != nil {
		t.Fatal(err)
	}
	l.release()
}

func TestLockRefusesWhatIsNoFileOfOurs(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "lock")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := takeLock(link, "shop"); !errors.Is(err, unix.ELOOP) {
		t.Errorf("a symbolic link: %v", err)
	}
	if data, _ := os.ReadFile(target); string(data) != "precious" {
		t.Errorf("the link's target was overwritten: %q", data)
	}
	if _, _, err := takeLock(dir, "shop"); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder: %v", err)
	}
}

// A holder that was killed a moment ago still has it.
func TestLockOfTheDying(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	dying, _, err := takeLock(path, "shop")
	if err != nil {
		t.Fatal(err)
	}
	gone := time.AfterFunc(50*time.Millisecond, func() { _ = dying.file.Close() })
	defer gone.Stop()
	l, clean, err := takeLock(path, "shop")
	if err != nil || clean {
		t.Fatalf("clean %v, %v", clean, err)
	}
	l.release()
}
