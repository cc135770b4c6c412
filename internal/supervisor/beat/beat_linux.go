package beat

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// every uses a timer of the kernel, which Go's poller waits for like for a socket.
//
// A sleep until a timer of Go's own ends in epoll_wait(2), whose timeout the kernel may exceed by a thousandth: 10 ms in 10 s (the source is
// select_estimate_accuracy() in fs/select.c). Go's monitor thread, whose timeout is exact, wakes first and looks every 20 µs, some sixty
// times, whether the timer was served. A timerfd is exact.
//
// In some sandboxes there is none.
func every(period time.Duration) (<-chan struct{}, func()) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return byTicker(period)
	}
	spec := unix.NsecToTimespec(period.Nanoseconds())
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: spec, Value: spec}, nil); err != nil {
		unix.Close(fd)
		return byTicker(period)
	}
	f := os.NewFile(uintptr(fd), "beat")
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return byTicker(period)
	}
	ticks := make(chan struct{}, 1)
	go func() {
		// Without leave of Go's scheduler (RawSyscall), which would wake the monitor thread: this never waits.
		var expirations uint64
		read := func(fd uintptr) bool {
			_, _, errno := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&expirations)), unsafe.Sizeof(expirations))
			return errno != unix.EAGAIN
		}
		for raw.Read(read) == nil { // until it is closed
			tick(ticks)
		}
	}()
	return ticks, func() { f.Close() }
}
