package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/wine"
)

// apart gives a command a console of its own, without a window, so that Ctrl+C there reaches nobody else. Not a process
// group of its own: that would be deaf to Ctrl+C.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}

// interrupt is Ctrl+C at the service's console.
func (s *service) interrupt() {
	cmd := exec.Command(s.daruma, "console-signal", "c", strconv.Itoa(s.cmd.Process.Pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Errorf("Ctrl+C: %v: %s", err, out)
	}
}

// kill ends a process without asking it.
func kill(t *testing.T, pid int) {
	t.Helper()
	terminate(t, pid, 9)
}

// terminate ends a process with an exit code.
func terminate(t *testing.T, pid int, code uint32) {
	t.Helper()
	h, err := windows.OpenProcess(windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		t.Fatalf("opening process %d: %v", pid, err)
	}
	defer windows.CloseHandle(h)
	if err := windows.TerminateProcess(h, code); err != nil {
		t.Fatalf("ending process %d: %v", pid, err)
	}
}

// process is one process of the machine. Its handle tells it from a later one with the same pid.
type process struct {
	pid    int
	handle windows.Handle
	born   int64 // 100 ns
	name   string
}

func (p process) String() string { return fmt.Sprintf("%d (%s)", p.pid, p.name) }

func (p process) lives() bool {
	event, err := windows.WaitForSingleObject(p.handle, 0)
	return err == nil && event == uint32(windows.WAIT_TIMEOUT)
}

// look opens a process; ok is false where there is none.
func look(t *testing.T, pid int, name string) (p process, ok bool) {
	h, err := windows.OpenProcess(windows.SYNCHRONIZE|windows.PROCESS_QUERY_INFORMATION, false, uint32(pid))
	if err != nil {
		return p, false
	}
	t.Cleanup(func() { windows.CloseHandle(h) })
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		t.Fatal(err)
	}
	p = process{pid, h, created.Nanoseconds() / 100, name}
	return p, p.lives()
}

// descendants are pid itself and all processes below it. A process that is older than its parent is none of them: its
// real parent has ended, and the number is another's now.
func descendants(t *testing.T, pid int) []process {
	t.Helper()
	shot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(shot)
	children := map[int][]process{}
	e := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(shot, &e); err == nil; err = windows.Process32Next(shot, &e) {
		name := windows.UTF16ToString(e.ExeFile[:])
		if name == "explorer.exe" && wine.Running() {
			continue // the first program that makes a window starts Wine's desktop, which belongs to nobody
		}
		if p, ok := look(t, int(e.ProcessID), name); ok {
			children[int(e.ParentProcessID)] = append(children[int(e.ParentProcessID)], p)
		}
	}
	var tree []process
	if p, ok := look(t, pid, "daruma"); ok {
		tree = append(tree, p)
	}
	for i := 0; i < len(tree); i++ {
		for _, child := range children[tree[i].pid] {
			if child.born >= tree[i].born && child.pid != tree[i].pid {
				tree = append(tree, child)
			}
		}
	}
	return tree
}

// wantGone fails the test for each process of the tree that still runs.
func (s *service) wantGone(tree []process) {
	s.t.Helper()
	if len(tree) == 0 {
		s.t.Error("an empty tree can't show that anything is gone")
	}
	for _, p := range tree {
		if p.lives() {
			s.t.Errorf("process %v is left over", p)
		}
	}
}

// await waits until a process has ended.
func (p process) await(t *testing.T) {
	t.Helper()
	if event, err := windows.WaitForSingleObject(p.handle, uint32(patience/time.Millisecond)); err != nil || event != windows.WAIT_OBJECT_0 {
		t.Fatalf("process %v lives on: %v", p, err)
	}
}

// handles is the number of handles that a process has open, as the system's table of all handles has it:
// GetProcessHandleCount would do on Windows, but Wine answers it with 0.
func handles(t *testing.T, p process) int {
	t.Helper()
	const extendedHandleInformation = 64
	type entry struct { // SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX
		object, pid, handle uintptr
		access              uint32
		_                   [3]uint32
	}
	for size := 1 << 20; ; size *= 2 {
		buf := make([]uintptr, size/8)
		err := windows.NtQuerySystemInformation(extendedHandleInformation, unsafe.Pointer(&buf[0]), uint32(size), nil)
		if err == windows.STATUS_INFO_LENGTH_MISMATCH && size < 1<<28 {
			continue
		}
		if err != nil {
			t.Fatalf("listing the system's handles: %v", err)
		}
		n := 0
		for _, e := range unsafe.Slice((*entry)(unsafe.Pointer(&buf[2])), buf[0]) {
			if e.pid == uintptr(p.pid) {
				n++
			}
		}
		if n == 0 {
			t.Fatalf("the system lists no handle of %v", p)
		}
		return n
	}
}

// suspend makes a process stand still.
func suspend(t *testing.T, pid int) {
	t.Helper()
	h, err := windows.OpenProcess(windows.PROCESS_SUSPEND_RESUME, false, uint32(pid))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(h)
	if status, _, _ := windows.NewLazySystemDLL("ntdll.dll").NewProc("NtSuspendProcess").Call(uintptr(h)); status != 0 {
		t.Fatalf("suspending process %d: 0x%x", pid, status)
	}
}

// read gives a file's contents, or "" while there is none.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// imageOf is the path of a process' executable, as its file is called now.
func imageOf(t *testing.T, pid int) string {
	t.Helper()
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(h)
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(buf))
	if err := windows.QueryFullProcessImageName(h, 0, &buf[0], &n); err != nil {
		t.Fatal(err)
	}
	return windows.UTF16ToString(buf[:n])
}
