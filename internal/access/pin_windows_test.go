package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/wine"
	"golang.org/x/sys/windows"
)

func TestPinned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := pin(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"2"); err == nil {
		t.Error("a pinned folder was renamed")
	}
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("x"), 0o600); err != nil {
		t.Errorf("in a pinned folder no file can be made: %v", err)
	}
	windows.CloseHandle(h)
	if err := os.Rename(dir, dir+"2"); err != nil {
		t.Errorf("it stays pinned: %v", err)
	}
	name, err := windows.UTF16PtrFromString(dir + "2")
	if err != nil {
		t.Fatal(err)
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	other, err := windows.CreateFile(name, windows.DELETE, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(other)
	if h, err := pin(dir+"2", 0); !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		windows.CloseHandle(h)
		t.Errorf("a folder that another can rename by its handle: %v, want a sharing violation", err)
	}
}

func TestFinalPath(t *testing.T) {
	dir, err := finalPath(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(real, "x.exe"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := finalPath(filepath.Join(real, "X.EXE")); err != nil || !strings.EqualFold(got, filepath.Join(real, "x.exe")) {
		t.Errorf("%q, %v", got, err)
	}
	if wine.Running() {
		t.Skip("Wine: its symbolic links lead nowhere")
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if got, err := finalPath(filepath.Join(link, "x.exe")); err != nil || !strings.EqualFold(got, filepath.Join(real, "x.exe")) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := pin(link, 0); err == nil {
		t.Error("a link was pinned")
	}
}

// onWindows skips where the registry and folders of the system can't be written.
func onWindows(t *testing.T) {
	t.Helper()
	services, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Skipf("changes what only administrators may: run it as administrator (%v)", err)
	}
	_ = windows.CloseServiceHandle(services)
}
