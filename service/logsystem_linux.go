package service

import (
	"os"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

// descriptor is f's number. os.File.Fd would make what the descriptor stands for blocking, for all processes that share it.
func descriptor(f *os.File) int {
	number := -1
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { number = int(fd) })
	}
	return number
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(descriptor(f), unix.TCGETS)
	return err == nil
}

// enableColours has nothing to do: Linux' terminals obey escape sequences.
func enableColours(*os.File) bool { return true }

// isJournal reports whether f is stdout and the journal reads it. Source: systemd.exec(5), $JOURNAL_STREAM.
func isJournal(f *os.File) bool {
	if descriptor(f) != 1 {
		return false
	}
	is, err := journal.StdoutIsJournalStream()
	return is && err == nil
}

// ownStream gives a descriptor of our own for stdout and stderr: to a pipe without a reader os.File writes by ending the
// process with SIGPIPE where the descriptor's number is 1 or 2, and a service outlives who reads its log.
func ownStream(f *os.File) (*os.File, error) {
	number := descriptor(f)
	if number != 1 && number != 2 {
		return f, nil
	}
	fd, err := unix.FcntlInt(uintptr(number), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func openAppend(path string, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}

// goesWhenClosed: Linux takes a removed file's name away at once.
func goesWhenClosed(*os.File) bool { return false }
