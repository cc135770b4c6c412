package hosting

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// keepCapabilities makes what systemd gave the keeper (AmbientCapabilities=) its own: an ambient capability would go on to every
// program. Permitted and effective it stays, so that the keeper can bind a port below 1024.
func keepCapabilities() error {
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0)
	if errno == 0 || errors.Is(errno, unix.EINVAL) { // before Linux 4.3: there are none
		return nil
	}
	if errors.Is(errno, unix.ENOTSUP) { // a binary with cgo can't; it has no ambient capability to lose unless it was given one
		return keepCapabilitiesOfThread()
	}
	return fmt.Errorf("giving up ambient capabilities: %w", errno)
}

// keepCapabilitiesOfThread refuses to go on with a capability that every program would inherit.
func keepCapabilitiesOfThread() error {
	for c := uintptr(0); c < 64; c++ {
		set, _, errno := syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, c, 0, 0, 0)
		if errno != 0 {
			return nil // the kernel knows no more
		}
		if set == 1 {
			return errors.New("this daruma is built with cgo and can't keep ambient capabilities from its programs: build it with CGO_ENABLED=0")
		}
	}
	return nil
}
