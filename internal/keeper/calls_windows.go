package keeper

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// calls are the functions of kernel32 that golang.org/x/sys/windows leaves out. They are looked up at their first use.
var calls = struct{ memoryInfo *windows.LazyProc }{
	memoryInfo: windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo"),
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
