package manager

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/wine"
)

// TestSCMIdentity: account, SID type and privileges are written and read back; Wine keeps the account alone, and Install says so.
func TestSCMIdentity(t *testing.T) {
	spec, _ := real(t, "host-identity", "steady")
	spec.Supervision = Supervision{OwnSID: true, Privileges: []string{"SeChangeNotifyPrivilege", "SeCreateGlobalPrivilege"}}
	for _, account := range []string{AccountVirtual, AccountLocal, AccountNetwork, AccountSystem} {
		spec.Account = account
		said := strings.Join(install(t, Manager{}, spec).Remarks, "\n")
		for _, name := range []string{"SERVICE_SID_TYPE", "REQUIRED_PRIVILEGES"} {
			if wine.Running() != strings.Contains(said, "(Wine) doesn't support "+name) {
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
	if wine.Running() {
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
	if wine.Running() {
		t.Skipf("Wine: keeps no rights of accounts (%v)", err)
	}
	if err != nil {
		t.Errorf("rights of %s\\%s: %v", domain, name, err)
	}
}
