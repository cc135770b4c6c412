package probe

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// times are looked up at their first use; golang.org/x/sys/windows has neither.
var times = struct{ biased, unbiased *windows.LazyProc }{
	biased:   windows.NewLazySystemDLL("kernelbase.dll").NewProc("QueryInterruptTime"),
	unbiased: windows.NewLazySystemDLL("kernelbase.dll").NewProc("QueryUnbiasedInterruptTime"),
}

// Slept is how long the machine has slept since it was started: the interrupt time goes on in a sleep, the unbiased one doesn't.
// 0 where Windows doesn't have the former (before Windows 10).
// Source: https://learn.microsoft.com/windows/win32/sysinfo/interrupt-time
func Slept() time.Duration {
	if times.biased.Find() != nil || times.unbiased.Find() != nil {
		return 0
	}
	var all, awake uint64 // 100 ns each
	times.unbiased.Call(uintptr(unsafe.Pointer(&awake)))
	times.biased.Call(uintptr(unsafe.Pointer(&all)))
	return time.Duration(int64(all-awake)) * 100
}
