package realtest

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// installed is a service of the machine's own Service Control Manager, made by daruma install.
type installed struct {
	*service
	dir string // with daruma.exe, testprog.exe and the definition
	scm *mgr.Service
}

// kinds are the programs that every event is tried on: an ordinary one, one that ignores Ctrl+C, one with a family, one that tries
// to start a child outside of its job, one with a hidden window, a batch file.
const kinds = `
programs:
  console: {command: [./testprog, grace], backoff: {initialSeconds: 0.01}}
  deaf: {command: [./testprog, ignore-stop], terminationGracePeriodSeconds: 1, backoff: {initialSeconds: 0.01}}
  family: {command: [./testprog, fork, -n, "2", -daemon], backoff: {initialSeconds: 0.01}}
  escape: {command: [./testprog, breakaway], backoff: {initialSeconds: 0.01}}
  window: {command: [./testprog, window], terminationGracePeriodSeconds: 8, backoff: {initialSeconds: 0.01}}
  batch: {command: [./loop.bat], backoff: {initialSeconds: 0.01}}
`

const loopBatch = "@echo off\r\necho ready\r\n:again\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n"

// install installs the definition, which has no name yet, without starting it. The test's end uninstalls it, and nothing of it may
// be left. The folder is one that ordinary users can't write to, for daruma refuses others.
func install(t *testing.T, definition string, flags ...string) *installed {
	t.Helper()
	needsManager(t)
	name := "daruma-test-" + strings.ToLower(rand.Text()[:8])
	dir := filepath.Join(os.Getenv("ProgramFiles"), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(t, dir) })
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, daruma, filepath.Join(dir, "daruma.exe"))
	copyFile(t, testbin.Path(t), filepath.Join(dir, "testprog.exe"))
	write(t, filepath.Join(dir, "loop.bat"), loopBatch)
	write(t, filepath.Join(dir, "daruma.yaml"), "name: "+name+"\n"+definition)
	i := &installed{dir: dir, service: &service{t: t, name: name, home: filepath.Join(os.Getenv("ProgramData"), "daruma"),
		daruma: filepath.Join(dir, "daruma.exe"), system: true, out: &output{}, news: make(chan struct{})}}
	i.ok(append([]string{"install", filepath.Join(dir, "daruma.yaml")}, flags...)...)
	t.Cleanup(func() { i.ok("uninstall", name, "--purge") })
	m, err := mgr.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Disconnect() }()
	if i.scm, err = m.OpenService(name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.scm.Close() })
	i.client = control.NewClient(filepath.Join(i.home, name, "run", "control.sock"))
	return i
}

// ok runs a verb that must end with 0, and gives what it says.
func (i *installed) ok(args ...string) string {
	i.t.Helper()
	out, code := i.verb(args...)
	if code != 0 {
		i.t.Fatalf("daruma %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// start has the service manager start the service, and follows its events from there on.
func (i *installed) start() {
	i.t.Helper()
	if err := i.scm.Start(); err != nil {
		i.t.Fatalf("starting the service: %v", err)
	}
	i.afresh()
}

// afresh follows the events of a service whose keeper is another.
func (i *installed) afresh() {
	next := &service{t: i.t, name: i.name, home: i.home, daruma: i.daruma, system: true, client: i.client, out: i.out, news: make(chan struct{})}
	i.service = next
	next.follow()
}

// state waits for a state of the service manager's, and gives the status with it and all checkpoints on the way.
func (i *installed) state(want svc.State) (st windows.SERVICE_STATUS_PROCESS, checkpoints map[uint32]bool) {
	i.t.Helper()
	checkpoints = map[uint32]bool{}
	i.eventually("the service is in state "+stateNames()[want], func() bool {
		st = i.query()
		checkpoints[st.CheckPoint] = true
		return svc.State(st.CurrentState) == want
	})
	return st, checkpoints
}

func (i *installed) query() (st windows.SERVICE_STATUS_PROCESS) {
	i.t.Helper()
	var needed uint32
	size := uint32(unsafe.Sizeof(st))
	if err := windows.QueryServiceStatusEx(i.scm.Handle, windows.SC_STATUS_PROCESS_INFO, (*byte)(unsafe.Pointer(&st)), size, &needed); err != nil {
		i.t.Fatalf("asking the service manager: %v", err)
	}
	return st
}

func stateNames() map[svc.State]string {
	return map[svc.State]string{svc.Stopped: "STOPPED", svc.StartPending: "START_PENDING", svc.StopPending: "STOP_PENDING",
		svc.Running: "RUNNING", svc.Paused: "PAUSED"}
}

// control sends what services.msc and sc send.
func (i *installed) control(code svc.Cmd) {
	i.t.Helper()
	if _, err := i.scm.Control(code); err != nil {
		i.t.Fatalf("control %d: %v", code, err)
	}
}

// up waits until the named programs run and have said that they are ready, and gives the status.
func (i *installed) up(programs ...string) control.Status {
	i.t.Helper()
	var st control.Status
	i.eventually("programs run: "+strings.Join(programs, ", "), func() bool {
		var err error
		if st, err = i.client.Status(i.t.Context()); err != nil {
			return false
		}
		running := 0
		for _, p := range st.Programs {
			if slices.Contains(programs, p.Name) && p.State == control.StateRunning && p.PID != 0 {
				running++
			}
		}
		return running == len(programs)
	})
	return st
}

// tree are all processes of the service: below its keeper, and those that a family says it has.
func (i *installed) tree() []process {
	i.t.Helper()
	st, err := i.client.Status(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	tree := descendants(i.t, st.KeeperPID)
	for _, p := range st.Programs {
		if p.Name != "family" || p.PID == 0 {
			continue
		}
		for _, pid := range i.children(p.PID) {
			if one, ok := look(i.t, pid, "child of family"); ok {
				tree = append(tree, one)
			}
		}
	}
	return tree
}

// children waits until the run of family with this pid has its two children, which are no longer below it.
func (i *installed) children(pid int) (pids []int) {
	i.t.Helper()
	i.eventually("family has its children", func() bool {
		before, _, ok := strings.Cut(i.logged("family"), "ready "+strconv.Itoa(pid))
		all := printed(i.t, before, "child")
		if !ok || len(all) < 2 {
			return false
		}
		pids = all[len(all)-2:]
		return true
	})
	return pids
}

func (i *installed) log(program string) string {
	return strings.ReplaceAll(read(i.t, filepath.Join(i.home, i.name, "logs", program+".log")), "\r\n", "\n")
}

// needsManager skips where services can't be installed, and takes the right to end processes of other accounts.
func needsManager(t *testing.T) {
	t.Helper()
	m, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Skipf("the Service Control Manager can't be used (run the tests as an administrator): %v", err)
	}
	_ = windows.CloseServiceHandle(m)
	var token windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_ADJUST_PRIVILEGES, &token); err != nil {
		t.Fatal(err)
	}
	defer token.Close()
	p := windows.Tokenprivileges{PrivilegeCount: 1}
	p.Privileges[0].Attributes = windows.SE_PRIVILEGE_ENABLED
	name, _ := windows.UTF16PtrFromString("SeDebugPrivilege")
	if err := windows.LookupPrivilegeValue(nil, name, &p.Privileges[0].Luid); err != nil {
		t.Fatal(err)
	}
	if err := windows.AdjustTokenPrivileges(token, false, &p, 0, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// removeAll removes a folder of programs that have just ended: the kernel lets go of their files a moment later.
func removeAll(t *testing.T, dir string) {
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if err = os.RemoveAll(dir); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond) // sleep: nobody tells when a file is let go of
	}
	t.Errorf("something still runs in it: %v", err)
}
