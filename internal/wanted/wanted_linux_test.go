package wanted

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// TestWantedIsAPipe: opening one waits for its writer, and root would wait for ever.
func TestWantedIsAPipe(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	path := filepath.Join(place.State, fileName)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(place); ok {
		t.Error("a pipe is taken for a note")
	}
	if err := os.Rename(path, path+"2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+"2", path); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(place); ok {
		t.Error("a link is taken for a note")
	}
}

// TestWantedSwapped: between a look at the name and the opening of it the service's account may put a link there. Root would open
// what it leads to, and there are devices that do something when they are opened.
func TestWantedSwapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), fileName)
	if err := os.Symlink("/dev/null", path); err != nil {
		t.Fatal(err)
	}
	if file, err := safefile.Open(path); err == nil {
		_ = file.Close()
		t.Error("a link is followed")
	}
}
