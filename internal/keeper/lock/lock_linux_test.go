package lock

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// A holder that was killed leaves its pid, which by now may be anybody's: the lock is free, and known to be unclean.
func TestOfTheDead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, clean, err := Take(path)
	if err != nil || clean {
		t.Fatalf("clean %v, %v", clean, err)
	}
	if data, _ := os.ReadFile(path); string(data) != fmt.Sprintln(os.Getpid()) {
		t.Errorf("the lock names %q as its holder", data)
	}
	_ = l.file.Close() // killed
	if _, clean, err = Take(path); err != nil || clean {
		t.Errorf("clean %v, %v", clean, err)
	}
}

// Children must not hold the lock on when their keeper is gone.
func TestIsNotInherited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, _, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	_ = l.file.Close()
	if l, _, err = Take(path); err != nil {
		t.Fatal(err)
	}
	l.Release()
}

func TestRefusesWhatIsNoFileOfOurs(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "lock")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Take(link); !errors.Is(err, safefile.ErrRefused) {
		t.Errorf("a symbolic link: %v", err)
	}
	if data, _ := os.ReadFile(target); string(data) != "precious" {
		t.Errorf("the link's target was overwritten: %q", data)
	}
	if _, _, err := Take(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder: %v", err)
	}
}

// A holder that was killed a moment ago still has it.
func TestOfTheDying(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	dying, _, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	gone := time.AfterFunc(50*time.Millisecond, func() { _ = dying.file.Close() })
	defer gone.Stop()
	l, clean, err := Take(path)
	if err != nil || clean {
		t.Fatalf("clean %v, %v", clean, err)
	}
	l.Release()
}

// Whoever cleans up removes the file of a lock that is held: it is made again, and nobody else gets it.
func TestRenew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, _, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if err := l.Renew(path); err != nil {
		t.Errorf("nothing was removed: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Renew(path); err != nil {
		t.Fatal(err)
	}
	var held *HeldError
	if _, _, err := Take(path); !errors.As(err, &held) || held.PID != fmt.Sprint(os.Getpid()) {
		t.Errorf("%v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	next, _, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Release()
	if err := l.Renew(path); !errors.As(err, &held) {
		t.Errorf("the next one was faster: %v", err)
	}
}
