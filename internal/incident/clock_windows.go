package incident

import (
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// bootID is the number that Windows counts up with every boot, for its prefetcher.
func bootID() string {
	const path = `SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters`
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer key.Close()
	n, _, err := key.GetIntegerValue("BootId")
	if err != nil {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// sinceBoot is the interrupt time without the time the machine slept, in steps of 100 ns.
func sinceBoot() time.Duration {
	var ticks uint64
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("QueryUnbiasedInterruptTime")
	if ok, _, _ := proc.Call(uintptr(unsafe.Pointer(&ticks))); ok == 0 {
		return windows.DurationSinceBoot()
	}
	return time.Duration(ticks) * 100
}
