package access

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/wine"
	"golang.org/x/sys/windows"
)

// TestExposedByAccessLists gives everybody more than they should have, to the file and to folders above it.
func TestExposedByAccessLists(t *testing.T) {
	onWindows(t)
	root := filepath.Join(os.Getenv("ProgramFiles"), "daruma-test-exposed")
	dir := filepath.Join(root, "above", "its")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(dir, "x.exe")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Exposed(file); err != nil {
		t.Fatalf("a new folder of Program Files: %v", err)
	}
	open, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;FA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	closed, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, dir, filepath.Dir(dir)} {
		if err := setAccess(path, open, windows.PROTECTED_DACL_SECURITY_INFORMATION); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var found *ExposedError
		if err := Exposed(file); !errors.As(err, &found) || found.Where != path || !strings.Contains(found.Remedy, "icacls") {
			t.Errorf("everybody may change %s, and it says %v", path, err)
		}
		if err := setAccess(path, closed, windows.PROTECTED_DACL_SECURITY_INFORMATION); err != nil {
			t.Fatal(err)
		}
	}
	if err := Exposed(file); err != nil {
		t.Errorf("closed again: %v", err)
	}
	var found *ExposedError
	if err := Exposed(`\\server\share\x.exe`); !errors.As(err, &found) || found.Who != "another computer" {
		t.Errorf("a share: %v", err)
	}
}

// TestProtect: the folders come with their lists, and doing it again changes nothing.
func TestProtect(t *testing.T) {
	onWindows(t)
	root := filepath.Join(os.Getenv("ProgramData"), "daruma-test-protect")
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	in := func(name string) string { return filepath.Join(root, "shop", name) }
	p := Places{Root: root, Service: filepath.Join(root, "shop"), Config: in("config"), State: in("state"), Logs: in("logs"), Run: in("run")}
	planned, err := Protect("shop", p, true)
	if err != nil || len(planned) != 6 || exists(root) {
		t.Fatalf("planned %v, %v", planned, err)
	}
	done, err := Protect("shop", p, false)
	if err != nil || !slices.Equal(done, planned) {
		t.Fatalf("done %v, %v", done, err)
	}
	if again, err := Protect("shop", p, false); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
	if wine.Running() {
		t.Skip("Wine: access lists shrink to mode bits; what is asked for is in TestFoldersAccess")
	}
	for _, d := range p.descriptors(ServiceSID("shop")) {
		have, err := windows.GetNamedSecurityInfo(d.path, windows.SE_FILE_OBJECT, aboutAccess)
		if err != nil {
			t.Fatal(err)
		}
		want, err := windows.SecurityDescriptorFromString(d.sddl)
		if err != nil {
			t.Fatal(err)
		}
		if !sameAccess(have, want) {
			t.Errorf("%s has %s, want %s", d.path, have, d.sddl)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
