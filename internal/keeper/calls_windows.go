package keeper

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// calls are the functions of kernel32 and ntdll that golang.org/x/sys/windows leaves out. They are looked up at their
// first use.
var calls = struct {
	registerWait, unregisterWait, memoryInfo, isProcessInJob, suspend, resume *windows.LazyProc
}{
	registerWait:   windows.NewLazySystemDLL("kernel32.dll").NewProc("RegisterWaitForSingleObject"),
	unregisterWait: windows.NewLazySystemDLL("kernel32.dll").NewProc("UnregisterWaitEx"),
	memoryInfo:     windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo"),
	isProcessInJob: windows.NewLazySystemDLL("kernel32.dll").NewProc("IsProcessInJob"),
	suspend:        windows.NewLazySystemDLL("ntdll.dll").NewProc("NtSuspendProcess"),
	resume:         windows.NewLazySystemDLL("ntdll.dll").NewProc("NtResumeProcess"),
}

// registerWait has callback called once, from a thread of Windows' pool, when the object is signalled.
func registerWait(object windows.Handle, callback, context uintptr) (wait windows.Handle, err error) {
	const onceInWaitThread = 0x8 | 0x4 // WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD: no second thread has to wake up
	ok, _, e := calls.registerWait.Call(uintptr(unsafe.Pointer(&wait)), uintptr(object), callback, context, windows.INFINITE, onceInWaitThread)
	if ok == 0 {
		return 0, e
	}
	return wait, nil
}

// unregisterWait must come after the callback or be content that it may still come; it doesn't wait for it.
func unregisterWait(wait windows.Handle) {
	calls.unregisterWait.Call(uintptr(wait), 0)
}

// peakMemory is the largest working set that a process had, in bytes.
func peakMemory(process windows.Handle) int64 {
	var counters struct { // PROCESS_MEMORY_COUNTERS
		size, faults  uint32
		peak, current uintptr
		_             [6]uintptr
	}
	counters.size = uint32(unsafe.Sizeof(counters))
	ok, _, _ := calls.memoryInfo.Call(uintptr(process), uintptr(unsafe.Pointer(&counters)), uintptr(counters.size))
	if ok == 0 {
		return 0
	}
	return int64(counters.peak)
}

// inJob says whether a process belongs to a job.
func inJob(process, job windows.Handle) bool {
	var yes int32
	ok, _, _ := calls.isProcessInJob.Call(uintptr(process), uintptr(job), uintptr(unsafe.Pointer(&yes)))
	return ok != 0 && yes != 0
}
