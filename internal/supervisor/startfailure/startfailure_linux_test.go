package startfailure

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/launch"
)

// started has launch start a plan for real, which must fail, and gives the reason as the supervisor shows it.
func started(t *testing.T, p *launch.Plan) string {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	l, err := launch.Start(*p, launch.Attachments{Stdio: [3]uintptr{null.Fd(), null.Fd(), null.Fd()}})
	if err == nil {
		defer l.Close()
		defer syscall.Wait4(l.PID, nil, 0, nil)
		for done := false; !done; {
			if done, err = l.Outcome(); !done {
				_, _ = unix.Poll([]unix.PollFd{{Fd: int32(l.Status), Events: unix.POLLIN}}, -1)
			}
		}
	}
	if err == nil {
		t.Fatal("it was started")
	}
	if !Attempted(err.Error()) {
		t.Errorf("%q doesn't count as an attempt", err)
	}
	return Explain(p, err.Error())
}

func planOf(path string) *launch.Plan {
	return &launch.Plan{Path: path, Argv: []string{path}, Env: []string{"PATH=/bin:/usr/bin"}, UID: launch.Leave, GID: launch.Leave}
}

func file(t *testing.T, mode os.FileMode, data string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "startfailure") // everybody may enter it, unlike t.TempDir's parent
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "program")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, []byte(data), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

// elfOf is an ELF file for a processor that names a loader.
func elfOf(machine uint16, loader string) string {
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 2) // ET_EXEC
	le.PutUint16(b[18:], machine)
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	le.PutUint32(b[64:], 3)
	le.PutUint64(b[72:], 120)
	le.PutUint64(b[96:], uint64(len(loader)+1))
	le.PutUint64(b[104:], uint64(len(loader)+1))
	return string(b) + loader + "\x00"
}

func foreign() uint16 {
	if nativeMachine() == machineARM64 {
		return machineRISCV
	}
	return machineARM64
}

// TestWhatIsReallyWrong lets the kernel refuse a program, and looks for the cause in what is said of it.
func TestWhatIsReallyWrong(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       []string
	}{
		{"CR LF", "#!/bin/sh\r\necho\r\n", []string{"CR LF", `"/bin/sh\r"`, `sed -i 's/\r$//' `}},
		{"no interpreter there", "#!/opt/no/such/python3 -u\n", []string{"interpreter /opt/no/such/python3,", "isn't there"}},
		{"no loader there", elfOf(nativeMachine(), "/lib/ld-musl-none.so.1"), []string{"loader /lib/ld-musl-none.so.1 isn't there", "musl"}},
		{"no #!", "echo hello\n", []string{"script without an interpreter", "#!/bin/sh", "[sh, "}},
		{"empty", "", []string{"the file is empty"}},
		{"another processor", elfOf(foreign(), "/lib/ld.so"), []string{"was built for " + machineName(foreign()), "this machine is " + machineName(nativeMachine())}},
		{"a byte order mark", "\ufeff#!/bin/sh\n", []string{"byte order mark"}},
		{"Windows", "MZ\x90\x00", []string{"program for Windows"}},
		{"no name behind #!", "#!\n", []string{"names no interpreter"}},
		{"bytes", "\x00\x01\x02", []string{"no program of a format"}},
	} {
		said := started(t, planOf(file(t, 0o755, c.data)))
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q doesn't say %q", c.name, said, want)
			}
		}
	}
	// An interpreter that is a script of a missing interpreter isn't followed for ever; what is said is the kernel's.
	path := file(t, 0o755, "#!/bin/sh\n")
	if reason := "starting " + path + ": something else"; Explain(planOf(path), reason) != reason {
		t.Error("a reason that isn't known was changed")
	}
}

// TestFoldersThatCantBeEntered: execve says the same of a folder as of the executable.
func TestFoldersThatCantBeEntered(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatal("needs root")
		}
		t.Skip("needs root: starts a program as another user")
	}
	closed := filepath.Dir(file(t, 0o755, "#!/bin/sh\n"))
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := func(path string) *launch.Plan {
		p := planOf(path)
		p.UID, p.GID, p.SetGroups, p.Groups = 61_743, 61_743, true, []int{61_743}
		return p
	}
	in := stranger("/bin/true")
	in.Dir = closed
	for name, c := range map[string]struct {
		plan *launch.Plan
		want string
	}{
		"workingDir":            {in, "user 61743 may not enter the folder " + closed},
		"its folder":            {stranger(filepath.Join(closed, "program")), "user 61743 may not enter the folder " + closed},
		"its mode":              {stranger(file(t, 0o744, "#!/bin/sh\n")), "user 61743 may not execute "},
		"its interpreter's":     {stranger(file(t, 0o755, "#!"+filepath.Join(closed, "program")+"\n")), "user 61743 may not enter the folder " + closed},
		"nobody may execute it": {planOf(file(t, 0o644, "#!/bin/sh\n")), "may not execute "},
	} {
		if said := started(t, c.plan); !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
}

// TestAFolderThatWentAway: the keeper restarts without looking, and the kernel's answer names the executable.
func TestAFolderThatWentAway(t *testing.T) {
	p := planOf("/bin/true")
	p.Dir = filepath.Join(t.TempDir(), "gone")
	if said := started(t, p); !strings.Contains(said, "workingDir "+p.Dir+" isn't there") {
		t.Errorf("%q", said)
	}
}

func TestTooLong(t *testing.T) {
	p := planOf("/bin/true")
	p.Env = append(p.Env, "BLOB="+strings.Repeat("x", 140_000))
	if said := started(t, p); !strings.Contains(said, "the variable BLOB has 140005 bytes") || strings.Contains(said, "xxx") {
		t.Errorf("%.200q", said)
	}
	p.Env = nil
	for range 90 {
		p.Argv = append(p.Argv, strings.Repeat("y", 100_000))
	}
	if said := started(t, p); !strings.Contains(said, "bytes together") || strings.Contains(said, "yyy") {
		t.Errorf("%.200q", said)
	}
}

// TestNothingOfAStrangersFileIsShown: the supervisor may read more than the program's user.
func TestNothingOfAStrangersFileIsShown(t *testing.T) {
	path := file(t, 0o755, "#!/opt/secret-name\x1b[31m\n")
	if said := started(t, planOf(path)); strings.Contains(said, "\x1b") {
		t.Errorf("a control character is in %q", said)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, 61_744, 61_744); err != nil {
			t.Fatal(err)
		}
		if said := started(t, planOf(path)); strings.Contains(said, "secret-name") {
			t.Errorf("a stranger's file was read: %q", said)
		}
	}
}

func FuzzStart(f *testing.F) {
	f.Add([]byte("#!/bin/sh -e\r\n"))
	f.Add([]byte(elfOf(62, "/lib64/ld-linux-x86-64.so.2")))
	f.Fuzz(func(_ *testing.T, data []byte) {
		s := startOf(data)
		_ = s.interpreter()
		_, _ = parseELF(data)
		_ = unknownFormat("/x", s)
	})
}
