package keeper

import (
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
		if n <= 0 || err != nil {
			return // EAGAIN, or it is gone: the pidfd tells
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
	if n := len(s.outbox); n > 0 && len(fds) == 0 && len(s.outbox[n-1].fds) == 0 {
		s.outbox[n-1].data = appendFrame(s.outbox[n-1].data, m, 0)
		return
	}
	s.outbox = append(s.outbox, outgoing{appendFrame(nil, m, len(fds)), fds})
}

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
