package usage

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// of finds the trees in one list of all processes: the job objects that hold them are the keeper's. A process whose parent has ended isn't
// found, because Windows gives it no new parent.
func of(_ string, mains []Main) map[string]Tree {
	processes := list()
	owner := make(map[uint32]string, len(mains))
	for _, m := range mains {
		owner[uint32(m.PID)] = m.Program
	}
	parents := make(map[uint32]uint32, len(processes))
	for _, p := range processes {
		parents[p.ProcessID] = p.ParentProcessID
	}
	all := make(map[string]Tree, len(mains))
	r := newReader()
	for _, p := range processes {
		program := ""
		for at, steps := p.ProcessID, 0; program == "" && at != 0 && steps < 64; steps++ {
			program = owner[at]
			at = parents[at]
		}
		if program != "" {
			t := all[program]
			t.Processes++
			r.add(&t, p.ProcessID)
			all[program] = t
		}
	}
	return all
}

func list() (all []windows.ProcessEntry32) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err := windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		all = append(all, entry)
	}
	return all
}

// reader has the functions that aren't in golang.org/x/sys: to look them up for each of thousands of processes takes longer than to call them.
type reader struct{ memoryInfo, handleCount *windows.LazyProc }

func newReader() reader {
	kernel32 := windows.NewLazySystemDLL("kernel32.dll")
	return reader{memoryInfo: kernel32.NewProc("K32GetProcessMemoryInfo"), handleCount: kernel32.NewProc("GetProcessHandleCount")}
}

// add reads one process, where this one may look at it.
func (r reader) add(t *Tree, pid uint32) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return
	}
	defer windows.CloseHandle(h)
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) == nil {
		t.CPU += duration(kernel) + duration(user)
	}
	var counters struct { // PROCESS_MEMORY_COUNTERS
		size, faults  uint32
		peak, current uintptr
		_             [6]uintptr
	}
	counters.size = uint32(unsafe.Sizeof(counters))
	if ok, _, _ := r.memoryInfo.Call(uintptr(h), uintptr(unsafe.Pointer(&counters)), uintptr(counters.size)); ok != 0 {
		t.Memory += int64(counters.current)
	}
	var handles uint32
	if ok, _, _ := r.handleCount.Call(uintptr(h), uintptr(unsafe.Pointer(&handles))); ok != 0 {
		t.Files += int(handles)
	}
}

// duration is a FILETIME that is a length of time: units of 100 ns.
func duration(f windows.Filetime) time.Duration {
	return time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime)) * 100
}
