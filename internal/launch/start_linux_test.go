package launch

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// needRoot skips where this isn't root; with DARUMA_CI=1 that is a failure.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("DARUMA_CI") == "1" {
		t.Fatal("needs root")
	}
	t.Skip("needs root: changes user and capabilities")
}

// output starts the plan and gives what it writes and how it ends.
func output(t *testing.T, p Plan, with Attachments) (string, int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	with.Stdio = [3]uintptr{null.Fd(), w.Fd(), w.Fd()}
	pid, err := startNow(p, with)
	w.Close()
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		t.Fatal(err)
	}
	return string(text), status.ExitStatus()
}

// field gives the value of "Name:\tvalue" of /proc/PID/status, its blanks made single.
func field(t *testing.T, status, name string) string {
	t.Helper()
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s in:\n%s", name, status)
	return ""
}

func checkFields(t *testing.T, status string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := field(t, status, name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

const noCaps = "0000000000000000"

func TestPrivilegesAreGone(t *testing.T) {
	needRoot(t)
	p := plainPlan("cat", "/proc/self/status")
	p.UID, p.GID, p.SetGroups, p.Groups = 1234, 2345, true, []int{2345, 44}
	p.DropCaps, p.NoNewPrivs = []string{"ALL"}, true
	status, code := output(t, p, Attachments{})
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, status)
	}
	checkFields(t, status, map[string]string{
		"Uid": "1234 1234 1234 1234", "Gid": "2345 2345 2345 2345", "Groups": "44 2345", "NoNewPrivs": "1",
		"CapInh": noCaps, "CapPrm": noCaps, "CapEff": noCaps, "CapBnd": noCaps, "CapAmb": noCaps,
		"SigBlk": noCaps, "SigIgn": noCaps, "SigCgt": noCaps,
	})
}

func TestAChangeOfUserAloneDropsPrivilegesToo(t *testing.T) {
	needRoot(t)
	p := plainPlan("cat", "/proc/self/status")
	p.UID, p.GID, p.SetGroups = 1234, 2345, true
	status, _ := output(t, p, Attachments{})
	checkFields(t, status, map[string]string{
		"Uid": "1234 1234 1234 1234", "Gid": "2345 2345 2345 2345", "Groups": "", "NoNewPrivs": "0",
		"CapInh": noCaps, "CapPrm": noCaps, "CapEff": noCaps, "CapAmb": noCaps,
	})
}

func TestDirectWayChangesGroups(t *testing.T) {
	needRoot(t)
	p := plainPlan("cat", "/proc/self/status")
	p.GID, p.SetGroups, p.Groups = 2345, true, []int{44}
	status, _ := output(t, p, Attachments{})
	checkFields(t, status, map[string]string{"Uid": "0 0 0 0", "Gid": "2345 2345 2345 2345", "Groups": "44"})
}

func TestAddedCapabilitySurvivesTheChangeOfUser(t *testing.T) {
	needRoot(t)
	const bind = "0000000000000400" // 1 << CAP_NET_BIND_SERVICE
	p := plainPlan("cat", "/proc/self/status")
	p.UID, p.GID, p.SetGroups = 1234, 1234, true
	p.AddCaps, p.DropCaps, p.NoNewPrivs = []string{"CAP_NET_BIND_SERVICE"}, []string{"ALL"}, true
	status, _ := output(t, p, Attachments{})
	checkFields(t, status, map[string]string{"Uid": "1234 1234 1234 1234",
		"CapInh": bind, "CapPrm": bind, "CapEff": bind, "CapBnd": bind, "CapAmb": bind})
}

func TestRootWithFewerCapabilities(t *testing.T) {
	needRoot(t)
	p := plainPlan("cat", "/proc/self/status")
	p.AddCaps, p.DropCaps = []string{"CHOWN", "NET_RAW"}, []string{"ALL"}
	status, _ := output(t, p, Attachments{})
	const want = "0000000000002001"
	checkFields(t, status, map[string]string{"Uid": "0 0 0 0", "CapPrm": want, "CapEff": want, "CapBnd": want, "CapAmb": noCaps})

	p.AddCaps, p.DropCaps = nil, []string{"CHOWN"}
	status, _ = output(t, p, Attachments{})
	eff, err := strconv.ParseUint(field(t, status, "CapEff"), 16, 64)
	if err != nil || eff&1 != 0 || eff&2 == 0 {
		t.Errorf("CapEff is %x: CHOWN should be gone, DAC_OVERRIDE there (%v)", eff, err)
	}
}

func TestSetuidFileGivesNothingWithoutNewPrivileges(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		os.Chmod(d, 0o755)
	}
	id, err := exec.LookPath("id")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(id)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "id")
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	p := Plan{Path: file, Argv: []string{"id", "-u"}, UID: 1234, GID: 1234, SetGroups: true}
	if got, _ := output(t, p, Attachments{}); got != "0\n" {
		t.Fatalf("the setuid file gives user %q even when it may: is %s mounted nosuid?", got, dir)
	}
	p.NoNewPrivs = true
	if got, _ := output(t, p, Attachments{}); got != "1234\n" {
		t.Errorf("under no_new_privs the setuid file gave user %q", got)
	}
}

func TestLimitsNicenessUmaskFolder(t *testing.T) {
	p := plainPlan("sh", "-c", "umask; pwd -P; cut -d' ' -f19 /proc/self/stat; cat /proc/self/limits")
	p.Dir, p.Umask, p.Nice = "/usr", pointer(uint32(0o027)), pointer(7)
	p.Env = []string{"PATH=" + os.Getenv("PATH")}
	p.Rlimits = []Rlimit{{"nofile", 100, 200}, {"core", 0, 0}, {"nproc", 5000, 6000}, {"stack", 1 << 20, Unlimited}}
	text, code := output(t, p, Attachments{})
	if code != 0 || !strings.HasPrefix(text, "0027\n/usr\n7\n") {
		t.Errorf("umask, folder or niceness: exit code %d, %.60q", code, text)
	}
	for _, want := range []string{`Max open files +100 +200 `, `Max core file size +0 +0 `, `Max processes +5000 +6000 `,
		`Max stack size +1048576 `} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// TestOpenFilesLimitIsTheKeepers: package syscall raises the soft limit in every Go process; programs mustn't see that.
func TestOpenFilesLimitIsTheKeepers(t *testing.T) {
	shell := func(c string) *exec.Cmd { return exec.Command("sh", "-c", c) }
	for _, change := range []func(*Plan){func(*Plan) {}, func(p *Plan) { p.NoNewPrivs = true }} {
		p := plainPlan("sh", "-c", "ulimit -Sn")
		change(&p)
		cmd := shell("ulimit -Sn 123; exec /proc/" + fmt.Sprint(os.Getpid()) + "/exe")
		cmd.Env = []string{roleVariable + "=keeper", planVariable + "=" + hex.EncodeToString(Encode(&p))}
		if out, err := cmd.CombinedOutput(); string(out) != "123\n" {
			t.Errorf("launcher %v: the program's soft limit is %q (%v)", p.needsLauncher(), out, err)
		}
	}
}

func TestSmallAddressSpaceWithALargeEnvironment(t *testing.T) {
	keeper := filepath.Join(t.TempDir(), "keeper")
	if out, err := exec.Command("go", "build", "-o", keeper, "./testdata/keeper").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for range 20 {
		if out, err := exec.Command(keeper).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

func TestNoFileLeaks(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	sloppy, err := syscall.Dup(int(null.Fd())) // not close-on-exec, like what a careless parent leaves open
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(sloppy)
	for _, run := range []func() *Error{func() *Error { return nil }, func() *Error { return markOneByOne(3) }} {
		if err := run(); err != nil { // the second time around, everything is marked by the old kernels' way
			t.Fatal(err)
		}
		p := plainPlan("ls", "-l", "/proc/self/fd")
		p.NoNewPrivs = true
		text, _ := output(t, p, Attachments{})
		fds := regexp.MustCompile(`(?m) (\d+) -> (.*)$`).FindAllStringSubmatch(text, -1)
		if len(fds) != 4 || !strings.HasSuffix(fds[3][2], "/fd") { // the fourth is ls reading the folder
			t.Errorf("the program has these files:\n%s", text)
		}
	}
	flags, errno := fcntl(sloppy, syscall.F_GETFD, 0)
	if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("markOneByOne left file %d open for programs: flags %d, %v", sloppy, flags, errno)
	}
}

func TestSocketsAreHandedOver(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Path: exe, Argv: []string{"server"}, UID: Leave, GID: Leave, ListenNames: []string{"http", "second"},
		Env: []string{roleVariable + "=server", "LISTEN_PID=1", "LISTEN_FDS=77", "LISTEN_FDNAMES=old"}}
	for range 2 { // the server's Go made the socket non-blocking; the second run must find it blocking again
		answer := make(chan string, 1)
		go func() {
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				answer <- err.Error()
				return
			}
			text, _ := io.ReadAll(conn)
			answer <- string(text)
		}()
		var fd uintptr
		raw.Control(func(f uintptr) { fd = f })
		text, code := output(t, p, Attachments{Listen: []uintptr{fd, fd}})
		if code != 0 {
			t.Fatalf("the server ended with %d: %s", code, text)
		}
		if got := <-answer; got != "fds=2 names=http:second nonblock=false" {
			t.Errorf("the server answered %q", got)
		}
	}
}

func TestSignalsAreFresh(t *testing.T) {
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	p := plainPlan("cat", "/proc/self/status")
	p.Umask = pointer(uint32(0))
	// A keeper in whose parent everything was ignored and blocked that can be.
	cmd := exec.Command(env, "--ignore-signal=HUP,INT,PIPE,TSTP,USR1", "--block-signal=TERM,USR2", "/proc/self/exe")
	cmd.Args[len(cmd.Args)-1] = "/proc/" + fmt.Sprint(os.Getpid()) + "/exe"
	cmd.Env = []string{roleVariable + "=keeper", planVariable + "=" + hex.EncodeToString(Encode(&p))}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	checkFields(t, string(out), map[string]string{"SigBlk": noCaps, "SigIgn": noCaps, "SigCgt": noCaps})
}

func TestFailuresNameTheStep(t *testing.T) {
	needRoot(t)
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		change func(*Plan)
		errno  syscall.Errno
		want   string
	}{
		{func(p *Plan) { p.Path = "/nowhere/at/all" }, syscall.ENOENT, "starting /nowhere/at/all: no such file or directory"},
		{func(p *Plan) { p.Path = "/etc/passwd" }, syscall.EACCES, "starting /etc/passwd: permission denied"},
		{func(p *Plan) { p.Dir = "/nowhere" }, syscall.ENOENT, "entering folder /nowhere: no such file or directory"},
		{func(p *Plan) { p.Dir, p.UID = closed, 1234 }, syscall.EACCES, "entering folder " + closed + ": permission denied"},
		{func(p *Plan) { p.Rlimits = []Rlimit{{"nofile", Unlimited, Unlimited}} }, syscall.EPERM, "setting rlimit nofile to unlimited: operation not permitted"},
	}
	for _, c := range cases {
		p := plainPlan("true")
		p.NoNewPrivs = true
		c.change(&p)
		pidfd := -1
		pid, err := startNow(p, Attachments{Stdio: [3]uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{PidFD: &pidfd}})
		if err == nil || err.Error() != c.want || !errors.Is(err, c.errno) {
			t.Errorf("got %v (pid %d), want %s", err, pid, c.want)
		}
		if pidfd != -1 {
			t.Errorf("%s left pidfd %d open", c.want, pidfd)
		}
	}
	p := plainPlan("true")
	p.Path = "/nowhere/at/all"
	if _, err := startNow(p, Attachments{}); err == nil || err.Error() != "starting /nowhere/at/all: no such file or directory" {
		t.Errorf("direct: got %v", err)
	}
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child was left: pid %d, %v", pid, err)
	}
}

func TestOrdinaryUserGetsTheRightError(t *testing.T) {
	needRoot(t) // to become the ordinary user
	cases := map[string]func(*Plan){
		"becoming user 1: operation not permitted":                                      func(p *Plan) { p.UID, p.NoNewPrivs = 1, true },
		"becoming group 1: operation not permitted":                                     func(p *Plan) { p.GID, p.NoNewPrivs = 1, true },
		"setting supplementary groups: operation not permitted":                         func(p *Plan) { p.SetGroups, p.Groups, p.NoNewPrivs = true, []int{1}, true },
		"setting niceness to -5: operation not permitted":                               func(p *Plan) { p.Nice = pointer(-5) },
		"setting rlimit core to 0:unlimited: operation not permitted":                   func(p *Plan) { p.Rlimits = []Rlimit{{"core", 0, 0}, {"core", 0, Unlimited}} },
		"dropping capability CHOWN from the bounding set: operation not permitted":      func(p *Plan) { p.DropCaps = []string{"CHOWN"} },
		"adding capability NET_RAW, which daruma doesn't hold: operation not permitted": func(p *Plan) { p.AddCaps = []string{"NET_RAW"} },
		"starting /bin/true: operation not permitted":                                   func(p *Plan) { p.GID = 1 }, // direct
	}
	for want, change := range cases {
		p := Plan{Path: "/bin/true", Argv: []string{"true"}, UID: Leave, GID: Leave}
		change(&p)
		if out := keeperAs(t, 65534, &p); out != "error: "+want+"\n" {
			t.Errorf("got %q, want %q", out, want)
		}
	}
	own := plainPlan("id", "-u")
	own.UID, own.NoNewPrivs = 65534, true
	if out := keeperAs(t, 65534, &own); out != "65534\n" {
		t.Errorf("becoming who one is already: %q", out)
	}
	own = plainPlan("id", "-u") // as runAsUser has it, without the launcher
	own.UID, own.GID, own.SetGroups, own.Groups = 65534, 65534, true, []int{65534}
	if out := keeperAs(t, 65534, &own); out != "65534\n" {
		t.Errorf("becoming who one is already, groups and all: %q", out)
	}
}

// keeperAs runs a keeper with this user id and gives what it and the program say.
func keeperAs(t *testing.T, uid uint32, p *Plan) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe") // by this name the user needs no way into the folder of the test binary
	cmd.Env = []string{roleVariable + "=keeper", planVariable + "=" + hex.EncodeToString(Encode(p))}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// TestProgramDiesWithItsKeeper: the change of user clears the parent-death signal; it must be set again.
func TestProgramDiesWithItsKeeper(t *testing.T) {
	needRoot(t)
	for _, launcher := range []bool{true, false} {
		p := plainPlan("sleep", "1000")
		p.UID, p.GID, p.NoNewPrivs = 1234, 1234, launcher
		if launcher {
			p.AddCaps = []string{"NET_BIND_SERVICE"}
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{roleVariable + "=keeper", planVariable + "=" + hex.EncodeToString(Encode(&p))}
		cmd.Stdout = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		waitForChild(t, cmd.Process.Pid, "sleep")
		cmd.Process.Kill()
		cmd.Wait()
		if text, err := io.ReadAll(r); err != nil || len(text) > 0 { // ends when the last one that holds stdout is gone
			t.Errorf("%q, %v", text, err)
		}
		r.Close()
	}
}

// waitForChild waits until pid has a child that runs name.
func waitForChild(t *testing.T, pid int, name string) {
	t.Helper()
	for t.Context().Err() == nil {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, file := range tasks {
			children, _ := os.ReadFile(file)
			for _, child := range strings.Fields(string(children)) {
				comm, _ := os.ReadFile("/proc/" + child + "/comm")
				if strings.TrimSpace(string(comm)) == name {
					return
				}
			}
		}
		runtime.Gosched()
	}
}

func TestParentThatIsGone(t *testing.T) {
	p := plainPlan("true")
	p.Parent, p.NoNewPrivs = 1, true // the test isn't pid 1
	_, err := startNow(p, Attachments{Stdio: [3]uintptr{0, 1, 2}})
	if err == nil || err.Error() != "the keeper died during the start" {
		t.Errorf("got %v", err)
	}
}

func TestLauncherByHandSaysWhoItIsFor(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{launchVariable + "=x"}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), launchVariable+" is set, but only daruma itself may set it") {
		t.Errorf("got %v, %q", err, out)
	}
}
