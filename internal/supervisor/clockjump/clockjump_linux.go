package clockjump

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// watch needs a timer of its own: nothing else wakes us after a sleep, for CLOCK_MONOTONIC's timers stood still too. In some
// sandboxes there is none.
//
// Reading a timer on CLOCK_REALTIME that is never due fails with ECANCELED at every jump. Source: timerfd_create(2), TFD_TIMER_CANCEL_ON_SET;
// in the kernel timerfd_resume.
func watch(ctx context.Context, changed func()) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return
	}
	never := &unix.ItimerSpec{Value: unix.NsecToTimespec(time.Now().AddDate(100, 0, 0).UnixNano())}
	if err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, never, nil); err != nil {
		unix.Close(fd)
		return
	}
	f := os.NewFile(uintptr(fd), "clock")
	context.AfterFunc(ctx, func() { f.Close() })
	go func() {
		var expirations [8]byte
		for {
			if _, err := f.Read(expirations[:]); err != nil && !errors.Is(err, unix.ECANCELED) {
				return // closed
			}
			changed()
		}
	}()
}
