package screen

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// silence has the terminal not show what is typed, until show.
func silence(terminal *os.File) (show func(), err error) {
	fd := int(terminal.Fd())
	old, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	quiet := *old
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, old) }, nil
}

// endBy ends the process by the signal, so that who waits for it sees that: a shell stops its script, too.
func endBy(s os.Signal) {
	signal.Reset(s)
	if n, ok := s.(unix.Signal); ok {
		_ = unix.Kill(os.Getpid(), n)
	}
}
