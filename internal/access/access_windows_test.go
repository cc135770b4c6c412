package access

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/readers"
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
	if err := Exposed(`\\?\` + file); err != nil {
		t.Errorf("as a long path: %v", err)
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
	for _, d := range p.descriptors(readers.ServiceSID("shop")) {
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

// TestJunctionOnTheWay: the folder in which a junction lies decides where the path leads, not only the folders of its two ends.
func TestJunctionOnTheWay(t *testing.T) {
	onWindows(t)
	root := filepath.Join(os.Getenv("ProgramFiles"), "daruma-test-junction")
	in := func(name string) string { return filepath.Join(root, name) }
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	for _, dir := range []string{"app", "open", "target"} {
		if err := os.MkdirAll(in(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(in(`target\x.exe`), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"app\\current": "open\\link", "open\\link": "target"} {
		out, err := exec.Command("cmd", "/c", "mklink", "/J", in(from), in(to)).CombinedOutput()
		if target, e := os.Readlink(in(from)); err != nil || e != nil || target == "" {
			if wine.Running() {
				t.Skipf("Wine: its mklink makes no junction: %v, %v, %s", err, e, out)
			}
			t.Fatalf("mklink: %v, %v, %s", err, e, out)
		}
	}
	path := in(`app\current\x.exe`)
	if err := Exposed(path); err != nil {
		t.Fatalf("nothing is open: %v", err)
	}
	open, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;FA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	if err := setAccess(in("open"), open, windows.PROTECTED_DACL_SECURITY_INFORMATION); err != nil {
		t.Fatal(err)
	}
	var found *ExposedError
	if err := Exposed(path); !errors.As(err, &found) || found.Where != in("open") {
		t.Errorf("everybody decides what %s is, and it says %v", in(`open\link`), err)
	}
}

func TestAdministrators(t *testing.T) {
	onWindows(t)
	for _, sid := range administrators() { // the account Administrator is one, by whatever name; who else is differs
		if !strings.HasPrefix(sid, "S-1-") {
			t.Errorf("%q is no SID", sid)
		}
	}
	if wine.Running() {
		t.Skip("Wine: lists no members of a group")
	}
	if !slices.ContainsFunc(administrators(), func(sid string) bool { return strings.HasSuffix(sid, "-500") }) {
		t.Errorf("the account Administrator isn't among %q", administrators())
	}
}

// TestMakeFolders: the folders that daruma run makes are for administrators and its user alone, whatever the folder above lets in, and what
// is no folder isn't taken.
func TestMakeFolders(t *testing.T) {
	onWindows(t)
	root := filepath.Join(os.Getenv("ProgramFiles"), "daruma-test-make")
	t.Setenv("DARUMA_HOME", root)
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	open, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	if err := makeFolder(root, open); err != nil {
		t.Fatal(err)
	}
	f, err := folders.Of("shop")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(f.Logs, 0o755); err != nil { // by an older daruma: everybody reads it
		t.Fatal(err)
	}
	for range 2 { // the second time everything is there
		if err := MakeFolders("shop", f, Strangers); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{filepath.Dir(f.State), f.State, f.Logs, f.Run} {
			have, err := descriptorOf(dir)
			if err != nil {
				t.Fatal(err)
			}
			a, err := read(have)
			if err != nil {
				t.Fatal(err)
			}
			if old := dir == f.Logs || dir == filepath.Dir(f.State); old && wine.Running() {
				continue // it keeps mode bits, of which none says that they came from above
			}
			for _, e := range a.entries {
				if (e.sid == everyone || e.sid == users || e.sid == authenticated) && !e.deny && e.mask&0x1 != 0 {
					t.Errorf("%s can be read by %s: %s", dir, e.sid, have)
				}
			}
		}
	}
	if err := os.Remove(f.Run); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Run, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var refused *FolderError
	if err := MakeFolders("shop", f, Strangers); !errors.As(err, &refused) || refused.Folder != f.Run {
		t.Errorf("a file in the place of a folder: %v", err)
	}
}

// TestMakeFoldersWhereOthersDecide: everybody could put another folder in the place of DARUMA_HOME.
func TestMakeFoldersWhereOthersDecide(t *testing.T) {
	onWindows(t)
	root := filepath.Join(os.Getenv("ProgramFiles"), "daruma-test-decide")
	t.Setenv("DARUMA_HOME", root)
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	open, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;FA;;;WD)")
	if err == nil {
		err = os.MkdirAll(root, 0o755)
	}
	if err == nil { // afterwards: Wine makes folders by its umask
		err = setAccess(root, open, windows.PROTECTED_DACL_SECURITY_INFORMATION)
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := folders.Of("shop")
	if err != nil {
		t.Fatal(err)
	}
	var refused *FolderError
	if err := MakeFolders("shop", f, Strangers); !errors.As(err, &refused) || !strings.Contains(err.Error(), "DARUMA_HOME") {
		t.Errorf("everybody may change the folder above: %v", err)
	}
	if _, err := os.Stat(f.State); err == nil {
		t.Error("it was made all the same")
	}
	if err := MakeFolders("shop", f, Nobody); err != nil {
		t.Errorf("to be taken all the same: %v", err)
	}
}
