package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

func systemStrangers() map[string]stranger { return nil }

// TestNamedPipeIsRefused, whoever listens on it.
func TestNamedPipeIsRefused(t *testing.T) {
	path := `\\.\pipe\daruma-safefile-test`
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := windows.CreateNamedPipe(name, windows.PIPE_ACCESS_DUPLEX, windows.PIPE_TYPE_BYTE, 2, 512, 512, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(pipe)
	if f, err := OpenFile(path, os.O_RDWR, 0); !errors.Is(err, ErrRefused) {
		if err == nil {
			_ = f.Close()
		}
		t.Errorf("%v", err)
	}
}

// TestOthersMayRenameWhatIsOpen, or logs could not be rotated.
func TestOthersMayRenameWhatIsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	f, err := OpenFile(path, os.O_RDWR|os.O_CREATE, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := RenameNew(path, path+"2"); err != nil {
		t.Error(err)
	}
}

// TestReplaceWaitsForAVirusScanner, which holds the old file for a moment without FILE_SHARE_DELETE.
func TestReplaceWaitsForAVirusScanner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	writeFile(t, path, "old")
	held, err := OpenSharing(path, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, windows.OPEN_EXISTING)
	if err != nil {
		t.Fatal(err)
	}
	if err := move(path, path+"2", 0); err == nil {
		t.Skip("this system (Wine) renames a file that is held without FILE_SHARE_DELETE")
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = held.Close() })
	if err := Replace(path, []byte("new"), 0); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "new" {
		t.Errorf("%q", got)
	}
}

// TestPrivateIsForFew: neither users nor everybody has access, and nothing comes from the folder.
func TestPrivateIsForFew(t *testing.T) {
	dir := t.TempDir()
	made, replaced := filepath.Join(dir, "made"), filepath.Join(dir, "replaced")
	f, err := CreatePrivate(made)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if err := Replace(replaced, []byte("secret"), 0, Private); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{made, replaced} {
		descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
		if err != nil {
			t.Fatal(err)
		}
		list := descriptor.String()
		for _, other := range []string{";;;WD", ";;;BU", ";;;AU"} { // everyone, users, who is logged on
			for ace := range strings.SplitSeq(list, "(") {
				if strings.HasPrefix(ace, "A;") && strings.Contains(ace, other) {
					t.Errorf("others have access: %s", list)
				}
			}
		}
		t.Log(list)
	}
}
