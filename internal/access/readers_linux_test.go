package access

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/readers"
)

// TestOpenToReaders: readers, by account or by a group of theirs, go through the folder and connect to the one socket; they list nothing and open
// nothing else. Strangers get nothing. Closed again, the readers don't either.
func TestOpenToReaders(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can become another user")
	}
	base, err := os.MkdirTemp("", "daruma-readers") // t.TempDir's parent is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	run := filepath.Join(base, "run")
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"readers.sock", "control.sock"} {
		l, err := net.Listen("unix", filepath.Join(run, name))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := os.Chmod(filepath.Join(run, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(run, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := unix.Open(run, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(folder)

	// The shell's test -w asks the kernel (access(2)): that is what connecting goes by.
	may := func(uid, gid uint32, groups ...uint32) string {
		cmd := exec.Command("/bin/sh", "-c", `cd /; for f in readers.sock control.sock lock; do [ -w "$0/$f" ] && echo "$f"; done; ls "$0" >/dev/null 2>&1 && echo list; true`, run)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid, Groups: groups}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.Join(strings.Fields(string(out)), " ")
	}
	const reads = "readers.sock"
	expect := func(when, account, group string) {
		t.Helper()
		for _, c := range []struct{ who, got, want string }{
			{"the account", may(4711, 4711), account}, {"a member", may(4712, 4712, 100, 4713), group},
			{"by the first group", may(4712, 4713), group}, {"a stranger", may(4712, 4711, 4712), ""},
		} {
			if c.got != c.want {
				t.Errorf("%s: %s may use %q, want %q", when, c.who, c.got, c.want)
			}
		}
	}
	expect("before", "", "")
	for range 2 {
		if err := OpenToReaders(folder, reads, readers.Set{UIDs: []uint32{4711}, GIDs: []uint32{4713}}); err != nil {
			t.Fatal(err)
		}
		expect("opened", reads, reads)
	}
	if err := OpenToReaders(folder, reads, readers.Set{GIDs: []uint32{4713}}); err != nil {
		t.Fatal(err)
	}
	expect("for the group alone", "", reads)
	if err := OpenToReaders(folder, reads, readers.Set{}); err != nil {
		t.Fatal(err)
	}
	expect("closed", "", "")
	for _, path := range []string{run, filepath.Join(run, reads)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is left with %v: %v", path, info.Mode(), err)
		}
	}
}

// TestOpenToReadersRefuses: what isn't a socket, a link to one too, is left as it is; so is a folder of somebody else.
func TestOpenToReadersRefuses(t *testing.T) {
	dir := t.TempDir()
	folder, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(folder)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret", "link"} {
		if err := OpenToReaders(folder, name, readers.Set{UIDs: []uint32{4711}}); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has %v: %v", info.Mode(), err)
	}
	if err := OpenToReaders(folder, "missing", readers.Set{UIDs: []uint32{4711}}); err != nil {
		t.Errorf("no socket yet: %v", err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 4711, -1); err != nil {
			t.Fatal(err)
		}
		if err := OpenToReaders(folder, "missing", readers.Set{UIDs: []uint32{4712}}); err == nil {
			t.Error("a folder of somebody else was opened")
		}
	}
}
