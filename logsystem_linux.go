package daruma

import (
	"os"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// enableColours has nothing to do: Linux' terminals obey escape sequences.
func enableColours(*os.File) bool { return true }

// isJournal reports whether f is stdout and the journal reads it. Source: systemd.exec(5), $JOURNAL_STREAM.
func isJournal(f *os.File) bool {
	if f.Fd() != 1 {
		return false
	}
	is, err := journal.StdoutIsJournalStream()
	return is && err == nil
}

// ownStream gives a descriptor of our own for stdout and stderr: to a pipe without a reader os.File writes by ending the
// process with SIGPIPE where the descriptor's number is 1 or 2, and a service outlives who reads its log.
func ownStream(f *os.File) (*os.File, error) {
	if f.Fd() != 1 && f.Fd() != 2 {
		return f, nil
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func openAppend(path string, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}
