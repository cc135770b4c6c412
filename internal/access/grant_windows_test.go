package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"

	"golang.org/x/sys/windows"
)

// TestEditedList: what import writes for administrators alone gets one entry more, and loses it again.
func TestEditedList(t *testing.T) {
	const private = "D:P(A;;FA;;;SY)(A;;FA;;;BA)"
	own := "(A;;0x1200a9;;;" + readers.ServiceSID("shop") + ")"
	edit := func(from string, mode windows.ACCESS_MODE) string {
		t.Helper()
		d, err := windows.SecurityDescriptorFromString(from)
		if err != nil {
			t.Fatal(err)
		}
		list, err := editedList(d, mode, "shop")
		if err != nil {
			t.Fatal(err)
		}
		d, err = windows.NewSecurityDescriptor()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.SetDACL(list, true, false); err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	granted := edit(private, windows.GRANT_ACCESS)
	for _, part := range []string{own, "(A;;FA;;;SY)", "(A;;FA;;;BA)"} {
		if !strings.Contains(granted, part) {
			t.Errorf("granted, the list is %s, without %s", granted, part)
		}
	}
	if revoked := edit(private+own, windows.REVOKE_ACCESS); strings.Contains(revoked, "S-1-5-80") || !strings.Contains(revoked, "(A;;FA;;;SY)") {
		t.Errorf("revoked, the list is %s", revoked)
	}
}

func TestGrantRead(t *testing.T) {
	onWindows(t)
	if wine.Running() {
		t.Skip("Wine: access lists shrink to mode bits; the edited list is in TestEditedList")
	}
	file := filepath.Join(t.TempDir(), "x.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	private, err := windows.SecurityDescriptorFromString("O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)")
	if err != nil {
		t.Fatal(err)
	}
	if err := setAccess(file, private, windows.PROTECTED_DACL_SECURITY_INFORMATION); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0} {
		if changes, err := GrantRead("shop", manager.AccountVirtual, file, false); err != nil || len(changes) != want {
			t.Errorf("grant %d: %v, %v", i, changes, err)
		}
	}
	for i, want := range []int{1, 0} {
		if changes, err := RevokeRead("shop", file); err != nil || len(changes) != want {
			t.Errorf("revoke %d: %v, %v", i, changes, err)
		}
	}
}
