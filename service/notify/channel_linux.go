package notify

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

type pipe struct{ fd int }

// takePipe checks that the number is an inherited pipe. A variable can outlive its pipe (a shell closes descriptors that it doesn't
// know), and then the number may be a file that the program itself has opened.
func takePipe(number uintptr) (pipe, error) {
	fd := int(number)
	if fd < 3 {
		return pipe{}, errors.New("numbers below 3 are stdin, stdout and stderr")
	}
	flags, err := unix.FcntlInt(number, unix.F_GETFL, 0)
	if err != nil {
		return pipe{}, fmt.Errorf("no such file descriptor: %w", err)
	}
	if own, err := unix.FcntlInt(number, unix.F_GETFD, 0); err != nil || own&unix.FD_CLOEXEC != 0 {
		return pipe{}, errors.New("the file descriptor was opened by this program itself: it is closed on exec, and an inherited one isn't")
	}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return pipe{}, os.NewSyscallError("fstat", err)
	}
	if kind := info.Mode & unix.S_IFMT; kind != unix.S_IFIFO && kind != unix.S_IFSOCK || flags&unix.O_ACCMODE == unix.O_RDONLY {
		return pipe{}, errors.New("the file descriptor is no pipe that can be written to")
	}
	unix.CloseOnExec(fd)
	// The flag belongs to the write end, which this program shares with nobody but the keeper, who never writes.
	if err := unix.SetNonblock(fd, true); err != nil {
		return pipe{}, os.NewSyscallError("fcntl", err)
	}
	return pipe{fd}, nil
}

// write gives the number of bytes that the pipe took: all or, where it is full, none. The kernel promises that for up to PIPE_BUF
// (4,096) bytes. In a Go program a broken pipe raises a signal for stdout and stderr alone (package os/signal).
func (p pipe) write(b []byte) (int, error) {
	for {
		n, err := unix.Write(p.fd, b)
		switch err {
		case nil:
			return n, nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
}

func (p pipe) close() error { return unix.Close(p.fd) }

// drained waits until the reader has taken everything. FIONREAD works at either end of a pipe, but the write end has no event for it.
func (p pipe) drained(limit time.Duration) bool {
	for end := time.Now().Add(limit); ; time.Sleep(2 * time.Millisecond) {
		if n, err := unix.IoctlGetInt(p.fd, unix.TIOCINQ); err != nil || n == 0 {
			return err == nil
		}
		if time.Now().After(end) {
			return false
		}
	}
}
