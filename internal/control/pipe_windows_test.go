package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

func TestPipeIsHeldByOne(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{}, nil)
	var held *HeldError
	if s, err := Listen(socket, &fakeBackend{}, NewHub(0)); !errors.As(err, &held) {
		if err == nil {
			_ = s.Close(within(t))
		}
		t.Fatalf("a second server got %v, want a HeldError", err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Errorf("the first one: %v", err)
	}
	if _, err := NewClient(filepath.Join(t.TempDir(), "control.sock")).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("another path: %v, want not running", err)
	}
}

// TestAccessList wants the service's own account, SYSTEM and the administrators in, the network out, and nobody else in.
func TestAccessList(t *testing.T) {
	sddl, err := accessList()
	if err != nil {
		t.Fatal(err)
	}
	sd, err := windows.SecurityDescriptorFromString(sddl)
	if err != nil {
		t.Fatalf("%s: %v", sddl, err)
	}
	if control, _, err := sd.Control(); err != nil || control&windows.SE_DACL_PROTECTED == 0 {
		t.Errorf("%s: an access list from above may be added to it (%v)", sddl, err)
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{user.User.Sid.String(): true, "SY": true, "BA": true}
	for _, entry := range strings.FieldsFunc(strings.SplitN(sddl, "(", 2)[1], func(r rune) bool { return r == '(' || r == ')' }) {
		f := strings.Split(entry, ";")
		switch {
		case f[0] == "D" && f[5] == "NU":
		case f[0] == "A" && want[f[5]]:
			delete(want, f[5])
		default:
			t.Errorf("%s lets in %s", sddl, entry)
		}
	}
	if len(want) > 0 {
		t.Errorf("%s keeps out %v", sddl, want)
	}
}

func TestKeeperLives(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	if keeperLives(socket) {
		t.Error("there is no lock file, and a keeper lives")
	}
	f, err := os.Create(filepath.Join(filepath.Dir(socket), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if keeperLives(socket) {
		t.Error("nobody holds the lock, and a keeper lives")
	}
	const exclusive = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), exclusive, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // looking changes nothing
		if !keeperLives(socket) {
			t.Error("the lock is held, and no keeper lives")
		}
	}
}
