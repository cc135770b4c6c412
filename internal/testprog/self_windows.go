package main

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

func umask() int { return -1 }

// clock is the performance counter's, for lack of CLOCK_MONOTONIC: milliseconds since boot would be too coarse.
func clock() int64 {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	var now, frequency int64
	kernel.NewProc("QueryPerformanceCounter").Call(uintptr(unsafe.Pointer(&now)))
	kernel.NewProc("QueryPerformanceFrequency").Call(uintptr(unsafe.Pointer(&frequency)))
	if frequency == 0 {
		return 0
	}
	return int64(float64(now) / float64(frequency) * 1e9)
}

func lease([]string) (int, error) { return 0, errors.New("there are no leases on Windows") }
