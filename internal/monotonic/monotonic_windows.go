package monotonic

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// calls are the functions that golang.org/x/sys/windows leaves out, looked up at their first use.
var calls = struct{ precise, unbiased, biased *windows.LazyProc }{
	precise:  windows.NewLazySystemDLL("kernelbase.dll").NewProc("QueryUnbiasedInterruptTimePrecise"),
	unbiased: windows.NewLazySystemDLL("kernel32.dll").NewProc("QueryUnbiasedInterruptTime"),
	biased:   windows.NewLazySystemDLL("kernelbase.dll").NewProc("QueryInterruptTime"),
}

// now is the precise form where Windows has it (from Windows 10): the other one moves in steps of a timer tick, up to 15.6 ms.
// Source: https://learn.microsoft.com/windows/win32/api/realtimeapiset/nf-realtimeapiset-queryunbiasedinterrupttimeprecise
func now() time.Duration {
	if calls.precise.Find() == nil {
		return read(calls.precise)
	}
	return read(calls.unbiased)
}

func sinceBoot() time.Duration {
	if calls.biased.Find() != nil {
		return windows.DurationSinceBoot() // in steps of a timer tick
	}
	return read(calls.biased)
}

// slept compares the two clocks that move in the same steps.
// Source: https://learn.microsoft.com/windows/win32/sysinfo/interrupt-time
func slept() time.Duration {
	if calls.biased.Find() != nil || calls.unbiased.Find() != nil {
		return 0
	}
	awake := read(calls.unbiased)
	return read(calls.biased) - awake
}

func read(clock *windows.LazyProc) time.Duration {
	var ticks uint64 // of 100 ns
	clock.Call(uintptr(unsafe.Pointer(&ticks)))
	return time.Duration(ticks) * 100
}
