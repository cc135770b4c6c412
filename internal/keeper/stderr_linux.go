package keeper

import (
	"time"

	"golang.org/x/sys/unix"
)

// printLine writes a line to stderr, if there is room for it within limit: a terminal that is held (Ctrl+S) or a full pipe must not hold
// up the keeper, and every program with it.
func printLine(line string, limit time.Duration) {
	text := []byte(line + "\n")
	if len(text) > 4096 { // PIPE_BUF: where there is room at all, there is room for that
		text = append(text[:4095], '\n')
	}
	if t, err := unix.IoctlGetTermios(2, unix.TCGETS); err == nil && t.Lflag&unix.TOSTOP != 0 {
		return // from the background it would stop us
	}
	fds := []unix.PollFd{{Fd: 2, Events: unix.POLLOUT}}
	if n, err := unix.Poll(fds, int(limit/time.Millisecond)); err == nil && n == 1 && fds[0].Revents&unix.POLLOUT != 0 {
		_, _ = unix.Write(2, text)
	}
}
