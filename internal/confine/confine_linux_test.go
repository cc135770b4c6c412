package confine

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFilterRefuses(t *testing.T) {
	if program(1, false) == nil {
		t.Skipf("there is no filter for %s", runtime.GOARCH)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), attackVariable+"=calls")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var found map[string]string
	if err == nil {
		err = json.Unmarshal(out, &found)
	}
	if err != nil || len(found) < 100 {
		t.Fatalf("%v: %s", err, out)
	}
	for name, said := range found {
		switch {
		case strings.HasPrefix(name, "may "):
			if said != "" {
				t.Errorf("%s: %s", name, said)
			}
		case strings.HasPrefix(name, "clone3 "):
			if said != unix.ENOSYS.Error() {
				t.Errorf("%s: %q", name, said)
			}
		case !strings.HasSuffix(said, unix.EPERM.Error()):
			t.Errorf("%s isn't refused: %q", name, said)
		}
	}
}

// run is the kernel's part of a filter: it gives the action for a call.
func run(t *testing.T, code []unix.SockFilter, arch, nr uint32, args ...uint32) uint32 {
	t.Helper()
	data := map[uint32]uint32{offsetNumber: nr, offsetArch: arch}
	for i, v := range args {
		data[offsetArg0+8*uint32(i)] = v
	}
	var a uint32
	for at := 0; at < len(code); at++ {
		in := code[at]
		taken := false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = data[in.K]
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JEQ:
			taken = a == in.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JGE:
			taken = a >= in.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JSET:
			taken = a&in.K != 0
		default:
			t.Fatalf("instruction %d: %+v", at, in)
		}
		if taken {
			at += int(in.Jt)
		} else {
			at += int(in.Jf)
		}
	}
	t.Fatal("it ran off the end")
	return 0
}

// TestFilterByValues tries what can't be tried for real, or differs by an argument.
func TestFilterByValues(t *testing.T) {
	arch, ok := auditArch()
	if !ok {
		t.Skipf("there is no filter for %s", runtime.GOARCH)
	}
	const pid = 4711
	quiet, signals := program(pid, false), program(pid, true)
	for _, c := range []struct {
		name string
		want uint32
		nr   uint32
		args []uint32
	}{
		{"read", allowed, unix.SYS_READ, nil},
		{"a thread as Go makes it", allowed, unix.SYS_CLONE, []uint32{unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD}},
		{"a process", refused, unix.SYS_CLONE, []uint32{uint32(unix.SIGCHLD)}},
		{"a process in namespaces", refused, unix.SYS_CLONE, []uint32{unix.CLONE_NEWUSER | unix.CLONE_NEWNS}},
		{"vfork", refused, unix.SYS_CLONE, []uint32{unix.CLONE_VM | unix.CLONE_VFORK}},
		{"clone3", unknown, unix.SYS_CLONE3, nil},
		{"own thread", allowed, unix.SYS_TGKILL, []uint32{pid, pid + 1}},
		{"another's thread", refused, unix.SYS_TGKILL, []uint32{pid + 1, pid + 1}},
		{"everybody", refused, unix.SYS_KILL, []uint32{^uint32(0)}},
		{"a group", refused, unix.SYS_KILL, []uint32{0}},
		{"TCP", allowed, unix.SYS_SOCKET, []uint32{unix.AF_INET}},
		{"vsock", refused, unix.SYS_SOCKET, []uint32{unix.AF_VSOCK}},
		{"own limits", allowed, unix.SYS_PRLIMIT64, []uint32{0}},
		{"size of a terminal", allowed, unix.SYS_IOCTL, []uint32{1, unix.TIOCGWINSZ}},
		{"type", refused, unix.SYS_IOCTL, []uint32{1, unix.TIOCSTI}},
		{"set-user-id", refused, unix.SYS_FCHMOD, []uint32{3, 0o4755}},
		{"private", allowed, unix.SYS_FCHMODAT, []uint32{3, 0, 0o600}},
		{"for all", refused, unix.SYS_FCHMODAT, []uint32{3, 0, 0o666}},
		{"open for reading", allowed, unix.SYS_OPENAT, []uint32{3, 0, unix.O_RDONLY | unix.O_CLOEXEC}},
		{"write anew", allowed, unix.SYS_OPENAT, []uint32{3, 0, unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC}},
		{"empty by reading", refused, unix.SYS_OPENAT, []uint32{3, 0, unix.O_RDONLY | unix.O_TRUNC}},
	} {
		if got := run(t, quiet, arch, c.nr, c.args...); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
	if got := run(t, signals, arch, unix.SYS_KILL, pid+1); got != allowed {
		t.Errorf("a signal where signals are allowed: %#x", got)
	}
	if got := run(t, quiet, arch+1, unix.SYS_READ); got != refused {
		t.Errorf("a call of another processor: %#x", got)
	}
	if got := run(t, quiet, arch, unix.SYS_READ|0x40000000); got != refused {
		t.Errorf("a call of x32: %#x", got)
	}
	if quiet := len(quiet); quiet > 4096 {
		t.Errorf("%d instructions; the kernel takes 4096 (BPF_MAXINSNS)", quiet)
	}
}

// attackWith starts the attacker of files by the rules.
func attackWith(t *testing.T, r Rules, in, out string) (found map[string]string, missing string) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	err = Start(r, func(not string) (err error) {
		missing = not
		pid, err = syscall.ForkExec(os.Args[0], []string{os.Args[0], in, out}, &syscall.ProcAttr{
			Env: append(os.Environ(), attackVariable+"=files"), Files: []uintptr{0, write.Fd(), 2},
		})
		return err
	})
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(read)
	if err == nil {
		err = json.Unmarshal(data, &found)
	}
	if _, err2 := syscall.Wait4(pid, nil, 0, nil); err != nil || err2 != nil {
		t.Fatalf("%v, %v: %s", err, err2, data)
	}
	return found, missing
}

func TestStartRestrictsWriting(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	for _, dir := range []string{in, out} {
		for _, name := range []string{"there", "doomed", "readable"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	fd, err := unix.Open(in, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	found, missing := attackWith(t, Rules{Write: []int{fd}}, in, out)
	if strings.Contains(missing, errNoLandlock.Error()) {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("DARUMA_CI is set, and Landlock is missing: %s", missing)
		}
		t.Skipf("needs a kernel with Landlock: %s", missing)
	}
	if missing != "" {
		t.Errorf("not given up: %s", missing)
	}
	for name, said := range found {
		switch {
		case strings.HasPrefix(name, "in "), name == "out read":
			if said != "" {
				t.Errorf("%s: %s", name, said)
			}
		case strings.HasPrefix(name, "out "):
			if !strings.HasSuffix(said, unix.EACCES.Error()) && !strings.HasSuffix(said, unix.EXDEV.Error()) {
				t.Errorf("%s isn't refused: %q", name, said)
			}
		}
	}
	if !strings.Contains(found["status"], "NoNewPrivs:\t1\n") {
		t.Errorf("status: %s", found["status"])
	}
	// The rest of this process may all that it might before.
	if err := os.WriteFile(filepath.Join(out, "there"), nil, 0o600); err != nil {
		t.Error(err)
	}
}

// TestStartDropsCapabilities: root's child has the one that is kept, and can't get others by exec.
func TestStartDropsCapabilities(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this test needs root: others have no capabilities to drop")
	}
	for _, c := range []struct {
		r    Rules
		want string
	}{{Rules{}, "0000000000000004"}, {Rules{Signals: true}, "0000000000000024"}} {
		found, missing := attackWith(t, c.r, t.TempDir(), t.TempDir())
		if missing != "" {
			t.Errorf("not given up: %s", missing)
		}
		for _, line := range []string{"CapPrm", "CapEff", "CapBnd"} {
			if !strings.Contains(found["status"], line+":\t"+c.want+"\n") {
				t.Errorf("%+v: %s isn't %s: %s", c.r, line, c.want, found["status"])
			}
		}
	}
	if status, err := os.ReadFile("/proc/self/status"); err != nil || !strings.Contains(string(status), "NoNewPrivs:\t0\n") {
		t.Errorf("this process lost something, too (%v): %s", err, status)
	}
}

// TestStartFromTheMainThread: what the system shows of a process is what its main thread has, so that one gives up nothing.
func TestStartFromTheMainThread(t *testing.T) {
	for range 50 { // goroutines run where the scheduler puts them
		if err := Start(Rules{}, func(string) error {
			if unix.Gettid() == os.Getpid() {
				t.Error("it runs on the main thread")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// as runs this binary as an attacker, through another command.
func as(t *testing.T, mode string, wrap ...string) (found map[string]string) {
	t.Helper()
	dir := t.TempDir()
	words := append(wrap, executableForAll(t), dir, dir)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), attackVariable+"="+mode)
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &found)
	}
	if err != nil || found["error"] != "" {
		t.Fatalf("%v %s: %s", err, found["error"], out)
	}
	return found
}

// executableForAll gives this test binary in a folder that every user may enter.
func executableForAll(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "confine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "test")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOrdinaryUsersCapability: systemd gives the keeper of an ordinary user CAP_NET_BIND_SERVICE. A child has it until it is undumpable,
// because no program of the account that hasn't it may trace it meanwhile; then it has none, in any thread.
func TestOrdinaryUsersCapability(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this test needs root, to become somebody else with a capability")
	}
	wrap := []string{"setpriv", "--reuid", "54322", "--regid", "54322", "--clear-groups", "--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"}
	found := as(t, "start", wrap...)
	if found["not given up"] != "" || !strings.Contains(found["status"], "CapPrm:\t0000000000000400\n") {
		t.Errorf("between exec and Self: %s, %s", found["not given up"], found["status"])
	}
	found = as(t, "start self", wrap...)
	if strings.Contains(found["missing"], "cgo") {
		t.Logf("built with cgo, as for the race detector: %s", found["missing"])
		return
	}
	if found["missing"] != "" || strings.Count(found["status"], "CapPrm:\t0000000000000000\n") < 3 || strings.Contains(found["status"], "0000000000000400\nCapEff") ||
		strings.Count(found["status"], "CapPrm:\t0000000000000000\n") != strings.Count(found["status"], "CapAmb:\t0000000000000000\n") {
		t.Errorf("after Self: %s, %s", found["missing"], found["status"])
	}
}

// TestWithoutLandlock: on such a kernel a supervisor runs all the same, and it is said what is missing.
func TestWithoutLandlock(t *testing.T) {
	if _, ok := auditArch(); !ok {
		t.Skipf("there is no filter for %s to hide Landlock with", runtime.GOARCH)
	}
	found := as(t, "no landlock")
	if !strings.Contains(found["not given up"], "Landlock: this kernel has none") || found["out write"] != "" {
		t.Errorf("%q, %v", found["not given up"], found)
	}
}
