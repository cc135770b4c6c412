package ensure

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/folders"
)

// TestWishIsAPipe: opening one waits for its writer, and root would wait for ever.
func TestWishIsAPipe(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	path := filepath.Join(place.State, wishFile)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := LoadWish(place); ok {
		t.Error("a pipe is taken for a note")
	}
	if err := os.Rename(path, path+"2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+"2", path); err != nil {
		t.Fatal(err)
	}
	if _, ok := LoadWish(place); ok {
		t.Error("a link is taken for a note")
	}
}
