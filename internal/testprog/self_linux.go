package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// umask can't be read without being set.
func umask() int {
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	return mask
}

func clock() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0
	}
	return ts.Nano()
}
