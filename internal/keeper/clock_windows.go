package keeper

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// unbiasedTime reads QueryUnbiasedInterruptTime: 100 ns units since start-up, standing still during sleep, untouched by
// changes of the time of day. Source: Microsoft, "QueryUnbiasedInterruptTime function".
func unbiasedTime() time.Duration {
	var t uint64
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("QueryUnbiasedInterruptTime")
	if ok, _, _ := proc.Call(uintptr(unsafe.Pointer(&t))); ok == 0 {
		return 0
	}
	return time.Duration(t) * 100
}
