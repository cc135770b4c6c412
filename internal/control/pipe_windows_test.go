package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Microsoft/go-winio"
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
	if held(socket) {
		t.Error("there is no lock file, and a keeper lives")
	}
	f, err := os.Create(filepath.Join(filepath.Dir(socket), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if held(socket) {
		t.Error("nobody holds the lock, and a keeper lives")
	}
	const exclusive = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), exclusive, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // looking changes nothing
		if !held(socket) {
			t.Error("the lock is held, and no keeper lives")
		}
	}
}

// TestPipeOfAStranger: everybody may make a pipe of any name, before us too. That must neither keep us from having one nor
// bring our clients to the stranger.
func TestPipeOfAStranger(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	stranger, err := winio.ListenPipe(pipeName(socket), &winio.PipeConfig{SecurityDescriptor: "D:P(A;;GA;;;WD)"})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a client without a server: %v, want not running", err)
	}
	s, err := Listen(socket, &fakeBackend{}, NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Errorf("a client with a server: %v", err)
	}
	if err := s.Close(within(t)); err != nil {
		t.Error(err)
	}
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a client of a server that is gone: %v, want not running", err)
	}
}

// TestClaimOfAStranger: who may write to the service's folder sends no administrator to another pipe, least of all to another
// computer's.
func TestClaimOfAStranger(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	own := pipeName(socket)
	for _, name := range []string{`\\evil\pipe\x`, own + "x", own + "-", own + "-00", own + `-\..\x`, own + "-" + strings.Repeat("0", 33),
		own + "-" + strings.Repeat("0", 34), `\\.\pipe\daruma-` + strings.Repeat("0", 53), strings.Repeat("x", 1<<10), "\x00"} {
		if got, err := checkClaim(socket, name); err == nil {
			t.Errorf("%q sends a client to %q", name, got)
		}
	}
	name := own + "-" + strings.Repeat("0", 32)
	if got, err := checkClaim(socket, name); err != nil || got != name {
		t.Errorf("%q: %q, %v", name, got, err)
	}
	if err := os.Mkdir(socket, 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err := Listen(socket, &fakeBackend{}, NewHub(0)); err == nil {
		_ = s.Close(within(t))
		t.Error("a folder is taken for the file")
	}
}

// TestRunnerOfASharedAccount: LocalService and NetworkService run many services, which have no business with each other's pipes.
func TestRunnerOfASharedAccount(t *testing.T) {
	const own, all, alice = "S-1-5-80-1-2-3-4-5", "S-1-5-80-0", "S-1-5-21-1-2-3-1001"
	for _, c := range []struct {
		user   string
		groups []string
		want   string
	}{
		{"S-1-5-19", []string{"S-1-1-0", all, own}, own},
		{"S-1-5-20", []string{own, all}, own},
		{"S-1-5-19", []string{"S-1-1-0", all}, "S-1-5-19"},
		{"S-1-5-18", []string{all, own}, "S-1-5-18"},
		{alice, []string{all, own}, alice},
	} {
		if got := runner(c.user, c.groups); got != c.want {
			t.Errorf("%s with %v: %s, want %s", c.user, c.groups, got, c.want)
		}
	}
}

// held is keeperLives where the lock is a file.
func held(socket string) bool {
	lives, err := keeperLives(socket)
	return lives && err == nil
}
