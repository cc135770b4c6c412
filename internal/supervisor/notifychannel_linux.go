package supervisor

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// notices reads notify channels. The pipe into which tee(2) duplicates what is to be looked at is one for all of them, made
// when the first is read.
type notices struct {
	mu   sync.Mutex
	r, w int
	buf  []byte // nil: not made yet
}

// maxNotices is how many bytes are taken at once.
const maxNotices = 4096

// peek waits until there is something in the channel and gives it to look without taking it. io.EOF: nobody is left to say anything.
func (n *notices) peek(f *os.File, look func([]byte)) (int, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	got, teeErr := 0, error(nil)
	err = conn.Read(func(fd uintptr) bool {
		got, teeErr = n.copy(int(fd), look)
		return teeErr != unix.EAGAIN
	})
	switch {
	case err != nil:
		return 0, err
	case teeErr != nil:
		return 0, os.NewSyscallError("tee", teeErr)
	case got == 0:
		return 0, io.EOF
	}
	return got, nil
}

func (n *notices) copy(fd int, look func([]byte)) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.buf == nil {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			return 0, err
		}
		n.r, n.w, n.buf = ends[0], ends[1], make([]byte, maxNotices)
	}
	for {
		got, err := unix.Tee(fd, n.w, len(n.buf), unix.SPLICE_F_NONBLOCK)
		if err == unix.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return 0, err
		}
		for left := int(got); left > 0; {
			m, err := unix.Read(n.r, n.buf[:left])
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return 0, err
			}
			look(n.buf[:m])
			left -= m
		}
		return int(got), nil
	}
}

// take takes what was looked at. It is all there: nobody else reads.
func (n *notices) take(f *os.File, size int) error {
	var buf [maxNotices]byte
	_, err := io.ReadFull(f, buf[:size])
	return err
}
