package logs

import (
	"errors"
	"io"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// errEmpty says that there is nothing in the pipe now, but there are writers.
var errEmpty = errors.New("nothing to read")

// pipe is the reading end of a run's pipe. Its methods are called by one goroutine at a time and never wait for data.
type pipe struct {
	h        windows.Handle
	capacity int
	peeker   *peeker
}

// newPipe takes the reading end over.
func newPipe(end *os.File, shared *peeker) (*pipe, error) {
	conn, err := end.SyscallConn()
	if err != nil {
		return nil, err
	}
	var h windows.Handle
	var dupErr error
	self := windows.CurrentProcess()
	err = conn.Control(func(old uintptr) {
		dupErr = windows.DuplicateHandle(self, windows.Handle(old), self, &h, 0, false, windows.DUPLICATE_SAME_ACCESS)
	})
	if err = errors.Join(err, dupErr); err != nil {
		return nil, err
	}
	end.Close()
	return &pipe{h: h, capacity: bufferSize, peeker: shared}, nil
}

func (s *pipe) close() { windows.CloseHandle(s.h) }

// buffered is the number of bytes in the pipe.
func (s *pipe) buffered() int {
	_, n, _ := s.peeker.peek(s.h, nil)
	return n
}

// ready tells whether there is something to read, or no writer any more.
func (s *pipe) ready() bool {
	_, n, err := s.peeker.peek(s.h, nil)
	return n > 0 || err != nil
}

// ended tells whether the pipe is empty and has no writer any more.
func (s *pipe) ended() bool {
	_, n, err := s.peeker.peek(s.h, nil)
	return n == 0 && err != nil
}

// grow does nothing: the size of a pipe is fixed when it is made.
func (s *pipe) grow(int) {}

// move moves up to max bytes to the file at off. Windows has no call that takes and writes at once.
// io.EOF: no writer is left and the pipe is empty. errEmpty: nothing there now.
func (c *Copier) move(f *os.File, off int64, max int) (int, error) { return c.copyTo(f, off, max) }

// peek copies what is at the head of the pipe without taking it.
func (s *pipe) peek(buf []byte) (int, error) {
	n, _, err := s.peeker.peek(s.h, buf)
	switch {
	case errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED):
		return 0, io.EOF
	case err != nil:
		return 0, os.NewSyscallError("PeekNamedPipe", err)
	case n == 0:
		return 0, errEmpty
	}
	return n, nil
}

// discard takes up to max bytes, which must be there, out of the pipe.
func (s *pipe) discard(max int) int {
	buf := s.peeker.buffers.take()
	defer s.peeker.buffers.give(buf)
	total := 0
	for total < max && s.buffered() > 0 {
		var n uint32
		if err := windows.ReadFile(s.h, (*buf)[:min(max-total, len(*buf))], &n, nil); err != nil || n == 0 {
			break
		}
		total += int(n)
	}
	return total
}

// peeker holds what looking into a pipe needs.
type peeker struct {
	buffers buffers

	once sync.Once
	proc *windows.LazyProc
}

// peek gives the bytes copied to buf and the number of bytes in the pipe.
func (p *peeker) peek(h windows.Handle, buf []byte) (got, have int, err error) {
	p.once.Do(func() { p.proc = windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe") })
	var read, avail uint32
	var at unsafe.Pointer
	if len(buf) > 0 {
		at = unsafe.Pointer(&buf[0])
	}
	ok, _, e := p.proc.Call(uintptr(h), uintptr(at), uintptr(len(buf)),
		uintptr(unsafe.Pointer(&read)), uintptr(unsafe.Pointer(&avail)), 0)
	if ok == 0 {
		return 0, 0, e
	}
	return int(read), int(avail), nil
}

func (p *peeker) close() {}
