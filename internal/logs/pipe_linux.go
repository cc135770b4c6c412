package logs

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// errEmpty says that there is nothing in the pipe now, but there are writers.
var errEmpty = errors.New("nothing to read")

// pipe is the reading end of a run's pipe. Its methods are called by one goroutine at a time and never wait for data.
type pipe struct {
	fd       int
	capacity int  // bytes the pipe holds
	plain    bool // splice doesn't work for this file: peek, write, discard
	peeker   *peeker
}

// newPipe takes the reading end over. The descriptor is duplicated out of the os.File, because an os.File registers it with Go's
// poller for good, and its Fd() makes it blocking.
func newPipe(end *os.File, shared *peeker) (*pipe, error) {
	conn, err := end.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var dupErr error
	if err := conn.Control(func(old uintptr) { fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("fcntl", dupErr)
	}
	end.Close()
	unix.SetNonblock(fd, true) // of the reading end alone: the program's end is another file description
	size, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("not a pipe: fcntl", err)
	}
	return &pipe{fd: fd, capacity: size, peeker: shared, plain: shared.copies}, nil
}

func (s *pipe) close() { unix.Close(s.fd) }

// buffered is the number of bytes in the pipe.
func (s *pipe) buffered() int {
	n, err := unix.IoctlGetInt(s.fd, unix.TIOCINQ) // FIONREAD
	if err != nil {
		return 0
	}
	return n
}

// ended tells whether the pipe is empty and has no writer any more.
func (s *pipe) ended() bool {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1 && fds[0].Revents&(unix.POLLIN|unix.POLLHUP) == unix.POLLHUP
}

// grow makes the pipe larger for a program that floods. The kernel limits the pages of an unprivileged user's pipes: where that is
// reached, the pipe stays as it is.
func (s *pipe) grow(size int) {
	if got, err := unix.FcntlInt(uintptr(s.fd), unix.F_SETPIPE_SZ, size); err == nil {
		s.capacity = got
	}
}

// move moves up to max bytes to the file at off. What has left the pipe has been written, even at kill -9.
// io.EOF: no writer is left and the pipe is empty. errEmpty: nothing there now.
func (c *Copier) move(f *os.File, off int64, max int) (int, error) {
	if !c.pipe.plain {
		if n, err := c.pipe.splice(f, off, max); !c.pipe.plain {
			return n, err
		}
	}
	return c.copyTo(f, off, max)
}

// splice sets plain where the file doesn't have it.
func (s *pipe) splice(f *os.File, off int64, max int) (int, error) {
	for {
		at := off // splice advances it
		n, err := unix.Splice(s.fd, nil, int(f.Fd()), &at, max, unix.SPLICE_F_NONBLOCK)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, errEmpty
		case err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP:
			s.plain = true
			return 0, err
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return int(n), nil
	}
}

// peek copies what is at the head of the pipe without taking it.
func (s *pipe) peek(buf []byte) (int, error) { return s.peeker.peek(s.fd, buf) }

// discard takes up to max bytes out of the pipe.
func (s *pipe) discard(max int) int {
	buf := s.peeker.buffers.take()
	defer s.peeker.buffers.give(buf)
	total := 0
	for total < max {
		n, err := unix.Read(s.fd, (*buf)[:min(max-total, len(*buf))])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		total += n
	}
	return total
}

// peeker is the pipe into which tee(2) duplicates what is to be looked at. One is enough for all: it is used
// once per rotation. Its methods may be called from any goroutine.
type peeker struct {
	buffers buffers
	copies  bool // tests: splice isn't even tried

	mu   sync.Mutex
	r, w int
	open bool
}

func (p *peeker) peek(fd int, buf []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			return 0, os.NewSyscallError("pipe2", err)
		}
		p.r, p.w, p.open = ends[0], ends[1], true
	}
	var n int64
	var err error
	for {
		if n, err = unix.Tee(fd, p.w, len(buf), unix.SPLICE_F_NONBLOCK); err != unix.EINTR {
			break
		}
	}
	switch {
	case err == unix.EAGAIN:
		return 0, errEmpty
	case err != nil:
		return 0, os.NewSyscallError("tee", err)
	case n == 0:
		return 0, io.EOF
	}
	got := 0
	for got < int(n) {
		k, err := unix.Read(p.r, buf[got:n])
		if err == unix.EINTR {
			continue
		}
		if err != nil || k <= 0 { // can't be: the bytes are there
			p.closeLocked()
			return 0, os.NewSyscallError("read", err)
		}
		got += k
	}
	return got, nil
}

func (p *peeker) closeLocked() {
	if p.open {
		unix.Close(p.r)
		unix.Close(p.w)
		p.open = false
	}
}

func (p *peeker) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeLocked()
}
