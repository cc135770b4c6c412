package notifychannel

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// peeker reads a channel without taking anything out of it: tee(2) duplicates what is there into a pipe of the peeker's own,
// which is made at the first use.
type peeker struct {
	mu   sync.Mutex
	r, w int
	buf  []byte // nil: not made yet
}

// peek waits until there is something in the channel and gives it to read. It reports io.EOF when no process holds the other end.
func (k *peeker) peek(f *os.File, read func([]byte)) (int, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	got, teeErr := 0, error(nil)
	err = conn.Read(func(fd uintptr) bool {
		got, teeErr = k.duplicate(int(fd), read)
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

func (k *peeker) duplicate(fd int, read func([]byte)) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.buf == nil {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			return 0, err
		}
		k.r, k.w, k.buf = ends[0], ends[1], make([]byte, maxRead)
	}
	for {
		got, err := unix.Tee(fd, k.w, len(k.buf), unix.SPLICE_F_NONBLOCK)
		if err == unix.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return 0, err
		}
		for left := int(got); left > 0; {
			m, err := unix.Read(k.r, k.buf[:left])
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return 0, err
			}
			read(k.buf[:m])
			left -= m
		}
		return int(got), nil
	}
}

// discard takes the size bytes out that peek showed. They are all there: nobody else reads.
func (k *peeker) discard(f *os.File, size int) error {
	var buf [maxRead]byte
	_, err := io.ReadFull(f, buf[:size])
	return err
}
