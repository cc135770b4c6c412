package journal

import (
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is where journald listens. Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL
const Socket = "/run/systemd/journal/socket"

// Sender sends entries over a connected socket. It connects at the first Send, and again after an error: a journald that was
// restarted has another socket. One goroutine at a time may use it.
//
// go-systemd's journal.Send uses a socket that isn't connected. While journald doesn't read, the kernel reports such a socket
// as writable all the time, and Go's poller tries without a pause. That costs a whole processor (1.1 s of processor time per
// second, measured on Linux 6.18), and nothing can interrupt it.
type Sender struct {
	// Timeout is how long one Send waits while journald doesn't read; 0: until it does.
	Timeout time.Duration

	path string
	conn *net.UnixConn // nil: not connected
}

// NewSender makes a sender for the journald that listens at path, usually [Socket]. It opens nothing yet.
func NewSender(path string) *Sender { return &Sender{path: path} }

// Send sends one entry. It waits while journald doesn't read, at most [Sender.Timeout]; then the error is
// os.ErrDeadlineExceeded. An entry that no datagram can hold goes in a sealed file in memory. After an error the entry
// wasn't sent.
func (s *Sender) Send(entry []byte) error {
	err := s.send(entry)
	if err != nil {
		_ = s.Close()
	}
	return err
}

func (s *Sender) send(entry []byte) error {
	if err := s.connect(); err != nil {
		return err
	}
	if s.Timeout > 0 {
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.Timeout)); err != nil {
			return err
		}
	}
	_, err := s.conn.Write(entry)
	if errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.ENOBUFS) {
		return s.sendFile(entry)
	}
	return err
}

func (s *Sender) connect() error {
	if s.conn != nil {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		return err
	}
	_ = conn.SetWriteBuffer(8 << 20) // as sd_journal_send does, so that a datagram holds large entries
	s.conn = conn
	return nil
}

// sendFile passes the entry in a file, which journald takes only if nobody can change it any more.
func (s *Sender) sendFile(entry []byte) error {
	fd, err := unix.MemfdCreate("journal-entry", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "journal-entry")
	defer file.Close()
	if _, err := file.Write(entry); err != nil {
		return err
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(conn uintptr) bool { // net's WriteMsgUnix doesn't send a descriptor without a payload in every version
		sent = unix.Sendmsg(int(conn), nil, unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
		return sent != unix.EAGAIN
	})
	return errors.Join(err, os.NewSyscallError("sendmsg", sent))
}

// Close closes the connection. A later Send opens a new one.
func (s *Sender) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}
