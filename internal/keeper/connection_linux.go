package keeper

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// read takes what the supervisor sent. It never carries file descriptors in this direction.
func (s *supervisor) read(k *keeper) {
	var buf [64 << 10]byte
	for s.fd >= 0 {
		n, err := unix.Read(s.fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			return
		}
		if n <= 0 || err != nil { // it has ended, and its pidfd says so; or it lives and has closed its end, and its deadline will end it
			k.poll.Remove(s.fd) // an end of file would wake us without end
			return
		}
		s.inbox = append(s.inbox, buf[:n]...)
		s.pending = true
		if len(s.inbox)-s.inboxRead > wire.MaxFrame {
			return // the loop executes some first
		}
	}
}

// tryAgain is how long to wait where the kernel has no room for a message and won't say when it has.
const tryAgain = 20 * time.Millisecond

// flush writes what the socket takes. A supervisor that doesn't read makes the queue longer, not the keeper slower.
func (s *supervisor) flush(k *keeper) {
	for len(s.outbox) > 0 && s.fd >= 0 {
		o := &s.outbox[0]
		var rights []byte
		if len(o.fds) > 0 {
			rights = unix.UnixRights(o.fds...)
		}
		n, err := unix.SendmsgN(s.fd, o.data, rights, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			s.waitForRoom(k, err == unix.EAGAIN)
			if err != unix.EAGAIN && err != unix.EPIPE && err != unix.ECONNRESET { // no memory, too many files on their way
				k.flushAt = monotonic.Now() + tryAgain
			}
			return
		}
		o.fds = nil // they went with the first byte
		if o.data = o.data[n:]; len(o.data) == 0 {
			s.outbox = s.outbox[1:]
		}
	}
	s.outbox = nil
	s.waitForRoom(k, false)
}

func (s *supervisor) waitForRoom(k *keeper, wait bool) {
	if s.writing == wait || s.fd < 0 {
		return
	}
	s.writing = wait
	events := uint32(unix.EPOLLIN)
	if wait {
		events |= unix.EPOLLOUT
	}
	k.poll.Modify(s.fd, events)
}
