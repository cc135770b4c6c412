package tree

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// calls are the functions of kernel32 and ntdll that golang.org/x/sys/windows leaves out. They are looked up at their
// first use.
var calls = struct{ isProcessInJob, suspend, resume *windows.LazyProc }{
	isProcessInJob: windows.NewLazySystemDLL("kernel32.dll").NewProc("IsProcessInJob"),
	suspend:        windows.NewLazySystemDLL("ntdll.dll").NewProc("NtSuspendProcess"),
	resume:         windows.NewLazySystemDLL("ntdll.dll").NewProc("NtResumeProcess"),
}

// InJob says whether a process belongs to a job. With job 0 it says whether the process belongs to any job.
func InJob(process, job windows.Handle) bool {
	var yes int32
	ok, _, _ := calls.isProcessInJob.Call(uintptr(process), uintptr(job), uintptr(unsafe.Pointer(&yes)))
	return ok != 0 && yes != 0
}

// imageOf is the path of a process' executable, or "".
func imageOf(process windows.Handle) string {
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(buf))
	if windows.QueryFullProcessImageName(process, 0, &buf[0], &n) != nil {
		return ""
	}
	return windows.UTF16ToString(buf[:n])
}
