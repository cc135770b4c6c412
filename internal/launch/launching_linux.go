package launch

import "syscall"

// Launching is a start under way: the process exists, and under its pid the launcher becomes the program. What the launcher does from the
// change of user on, that user can hold up.
type Launching struct {
	PID int

	// Status is the read end of the launcher's status pipe, which never blocks: it is readable when Outcome has something new. -1 where the
	// exec has succeeded already.
	Status int

	said []byte
}

// Outcome says whether the start is over (done), and if so whether the program's exec has succeeded (nil) or which step failed, in an
// [*Error]: then the launcher is ending, and whoever started it waits for its end as for the program's. It never waits.
func (l *Launching) Outcome() (done bool, err error) {
	if l.Status < 0 {
		return true, nil
	}
	for len(l.said) < maxStatus {
		var buf [512]byte
		n, err := syscall.Read(l.Status, buf[:])
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false, nil
		case err != nil:
			return true, &Error{Step: "reading the launcher's status", Errno: errnoOf(err)}
		case n == 0: // closed by the exec, or by the launcher's end
			return true, parseStatus(l.said)
		default:
			l.said = append(l.said, buf[:n]...)
		}
	}
	return true, parseStatus(l.said)
}

// maxStatus bounds what is read of the status pipe, in bytes: a launcher says less.
const maxStatus = 8 << 10

// InExec says whether only execve was left to do when the launcher last said something.
func (l *Launching) InExec() bool { return len(l.said) > 0 && l.said[0] == reachedExec }

// Close closes the status pipe.
func (l *Launching) Close() {
	if l.Status >= 0 {
		syscall.Close(l.Status)
		l.Status = -1
	}
}

// parseStatus reads what [report] wrote.
func parseStatus(data []byte) error {
	if len(data) > 0 && data[0] == reachedExec {
		data = data[1:]
		if len(data) == 0 {
			return nil
		}
	}
	if len(data) < 4 {
		return &Error{Step: "the launcher ended before it reached exec (was it killed? what it printed is in the program's error output)"}
	}
	errno := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
	return &Error{Step: string(data[4:]), Errno: syscall.Errno(errno)}
}
