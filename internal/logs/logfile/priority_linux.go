package logfile

import "golang.org/x/sys/unix"

// lowerPriority makes the calling thread give way to others. Not the lowest: Go's garbage collector has to wait for the
// thread now and then, and with it everything else.
func lowerPriority() {
	const niceness, ioprioWhoProcess, ioprioIdle = 10, 1, 3 << 13
	unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
	unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, 0, ioprioIdle)
}
