package incident

import (
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"
)

// bootTime is when the system booted, as its clock showed then: later corrections of the clock move BootTime and its bias alike
// (SYSTEM_TIMEOFDAY_INFORMATION). Everybody may ask. "" where it can't be had.
func bootTime() string {
	var t struct {
		boot, now, zoneBias int64 // FILETIME
		zone, reserved      uint32
		bootBias, sleepBias uint64
	}
	const timeOfDay = 3 // SystemTimeOfDayInformation
	if windows.NtQuerySystemInformation(timeOfDay, unsafe.Pointer(&t), uint32(unsafe.Sizeof(t)), nil) != nil {
		return ""
	}
	return "at " + strconv.FormatInt(t.boot-int64(t.bootBias), 10)
}
