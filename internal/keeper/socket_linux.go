package keeper

import (
	"time"

	"golang.org/x/sys/unix"
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
		if n <= 0 || err != nil { // it is gone, which its pidfd tells; or it lives and is deaf, which its deadline tells
			k.poll.remove(s.fd) // an end of file would wake us without end
			return
		}
		s.inbox = append(s.inbox, buf[:n]...)
		s.pending = true
		if len(s.inbox)-s.heardUpTo > maxFrame {
			return // let the loop work some off
		}
	}
}

// hear obeys what has arrived. It stops after a Spawn, so that 500 starts in a row don't hold up a restart.
func (s *supervisor) hear(k *keeper) {
	if !s.pending {
		return
	}
	for {
		m, _, rest, ok, err := nextFrame(s.inbox[s.heardUpTo:])
		if err != nil {
			k.distrust(err)
			s.heardUpTo = len(s.inbox)
			break
		}
		if !ok {
			s.pending = false
			break
		}
		s.heardUpTo = len(s.inbox) - len(rest)
		k.obey(m)
		if _, spawned := m.(*Spawn); spawned || k.done {
			break
		}
	}
	if s.heardUpTo == len(s.inbox) || !s.pending {
		s.compact()
	}
}

// compact drops what was heard. Not after every frame: 500 orders may wait in the inbox.
func (s *supervisor) compact() {
	rest := s.inbox[s.heardUpTo:]
	if len(rest) == 0 {
		s.pending = false
		if cap(s.inbox) > 256<<10 {
			s.inbox = nil
		}
	}
	s.inbox = append(s.inbox[:0], rest...)
	s.heardUpTo = 0
}

// distrust ends a supervisor that talks nonsense: its memory is damaged, or it isn't ours any more.
func (k *keeper) distrust(error) {
	if k.sup.pidfd >= 0 {
		_ = unix.PidfdSendSignal(k.sup.pidfd, unix.SIGKILL, nil, 0)
	}
	k.sup.pending = false
}

// send queues a message. Without a supervisor it is dropped: the greeting of the next one tells everything anyway.
func (k *keeper) send(m Message, fds ...int) {
	s := &k.sup
	if s.fd < 0 {
		return
	}
	if n := len(s.outbox); n > 0 && len(s.outbox[n-1].data) < enoughData && len(s.outbox[n-1].fds)+len(fds) <= enoughFiles {
		// Files travel ahead of their frames' bytes, but in the frames' order, and that is all the other side goes by.
		s.outbox[n-1].data = appendFrame(s.outbox[n-1].data, m, len(fds))
		s.outbox[n-1].fds = append(s.outbox[n-1].fds, fds...)
		return
	}
	s.outbox = append(s.outbox, outgoing{appendFrame(nil, m, len(fds)), fds})
}

// What goes into one sendmsg, at most about. The kernel takes 253 files (SCM_MAX_FD); Link has room for 64.
const (
	enoughData  = 16 << 10
	enoughFiles = 32
)

// busy says that more orders wait than have been answered for: in the middle of 500 starts the supervisor isn't woken
// for each of them.
func (s *supervisor) busy() bool {
	return s.pending && len(s.outbox) == 1 && len(s.outbox[0].data) < enoughData && len(s.outbox[0].fds) < enoughFiles/2
}

// tryAgain is when a message is sent again that the kernel has no room for and won't tell when it has.
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
				k.flushAt = Now() + tryAgain
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
	k.poll.modify(s.fd, events)
}
