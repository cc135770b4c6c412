package manager

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// TestSCMIdentity: account, SID type and privileges are written and read back; Wine keeps the account alone, and Install says so.
func TestSCMIdentity(t *testing.T) {
	spec, _ := real(t, "host-identity", "steady")
	spec.Supervision = Supervision{OwnSID: true, Privileges: []string{"SeChangeNotifyPrivilege", "SeCreateGlobalPrivilege"}}
	for _, account := range []string{AccountVirtual, AccountLocal, AccountNetwork, AccountSystem} {
		spec.Account = account
		said := strings.Join(install(t, Manager{}, spec).Remarks, "\n")
		for _, name := range []string{"SERVICE_SID_TYPE", "REQUIRED_PRIVILEGES"} {
			if onWine() != strings.Contains(said, "(Wine) doesn't support "+name) {
				t.Errorf("account %s: remarks %q", account, said)
			}
		}
		if again := install(t, Manager{}, spec); !again.None() {
			t.Errorf("account %s, installed again: %v", account, again)
		}
	}
	spec.Account = `NOSUCHDOMAIN\nobody$`
	if _, err := (Manager{}).Plan(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "there is no account") {
		t.Errorf("an account that isn't there: %v", err)
	}
	if onWine() {
		t.Skip("Wine: SID type and required privileges can't be read back; their bytes are in TestSCMIdentityBytes")
	}
}

// TestSCMIdentityBytes: what ChangeServiceConfig2 gets.
func TestSCMIdentityBytes(t *testing.T) {
	if size := unsafe.Sizeof(sidInfo{}); size != 4 || windows.SERVICE_SID_TYPE_UNRESTRICTED != 1 {
		t.Errorf("SERVICE_SID_INFO has %d bytes", size)
	}
	list := []string{"SeChangeNotifyPrivilege", "SeImpersonatePrivilege"}
	first := block(list)
	want := "SeChangeNotifyPrivilege\x00SeImpersonatePrivilege\x00\x00"
	units := unsafe.Slice(first, len(want))
	got := make([]byte, len(want))
	for i, u := range units {
		got[i] = byte(u)
	}
	if string(got) != want || !slices.Equal(multiString(first), list) {
		t.Errorf("the list of privileges is %q, want %q", got, want)
	}
}

// TestLogonRight asks Windows for the rights of this process's user: the answer isn't the test's business, an error is.
func TestLogonRight(t *testing.T) {
	onWindows(t)
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	name, domain, _, err := user.User.Sid.LookupAccount("")
	if err != nil {
		t.Fatal(err)
	}
	_, err = lsaAccount(domain+`\`+name, policyLook, hasLogonRight)
	if onWine() {
		t.Skipf("Wine: keeps no rights of accounts (%v)", err)
	}
	if err != nil {
		t.Errorf("rights of %s\\%s: %v", domain, name, err)
	}
}

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
	if onWine() {
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
