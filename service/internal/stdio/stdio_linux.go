package stdio

import (
	"os"

	"golang.org/x/sys/unix"
)

// Descriptor gives f's number, -1 where f is closed. os.File.Fd isn't used: it makes the open file blocking for all processes
// that share it.
func Descriptor(f *os.File) int {
	number := -1
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { number = int(fd) })
	}
	return number
}

// IsTerminal reports whether a terminal shows what is written to f.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(Descriptor(f), unix.TCGETS)
	return err == nil
}

// EnableColours makes the terminal f interpret escape sequences and reports whether it does. Linux' terminals always do.
func EnableColours(*os.File) bool { return true }

// WithoutSIGPIPE gives a file that writes to the same stream as f. For stdout and stderr that is a duplicate, which the caller
// closes; every other file is f itself. When a pipe has no reader, package os ends the process with SIGPIPE where the
// descriptor's number is 1 or 2. A service must outlive the reader of its log.
func WithoutSIGPIPE(f *os.File) (*os.File, error) {
	number := Descriptor(f)
	if number != 1 && number != 2 {
		return f, nil
	}
	fd, err := unix.FcntlInt(uintptr(number), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
