package keeper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/windows"
)

// Link is the supervisor's end. Receive belongs to one goroutine, Send and Flush to one (other) goroutine.
type Link struct {
	from, to *os.File
	out      []byte
	raw      []byte // read, but no whole piece yet
	in       []byte // frames
	handles  []windows.Handle
}

// Connect takes up the connection to the keeper that started this process.
func Connect() (*Link, error) {
	byHand := errors.New("the supervisor is started by the keeper, not by hand; use: daruma run")
	read, write, ok := strings.Cut(os.Getenv(linkVariable), ",")
	r, err1 := strconv.ParseUint(read, 10, 64)
	w, err2 := strconv.ParseUint(write, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return nil, byHand
	}
	os.Unsetenv(linkVariable)
	for _, h := range []uint64{r, w} {
		if kind, err := windows.GetFileType(windows.Handle(h)); err != nil || kind != windows.FILE_TYPE_PIPE {
			return nil, byHand
		}
		if err := windows.SetHandleInformation(windows.Handle(h), windows.HANDLE_FLAG_INHERIT, 0); err != nil {
			return nil, fmt.Errorf("the pipe to the keeper: %w", err)
		}
	}
	return &Link{from: os.NewFile(uintptr(r), "keeper"), to: os.NewFile(uintptr(w), "keeper")}, nil
}

// Gone says whether an error of Receive means that the keeper has ended. Any other is our own: then the next supervisor
// gets everything once more.
func Gone(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, windows.ERROR_BROKEN_PIPE) }

// Send queues a message until Flush.
func (l *Link) Send(m Message) { l.out = appendFrame(l.out, m, 0) }

// Flush writes what was queued. The keeper always reads, so this doesn't wait for long.
func (l *Link) Flush() error {
	if len(l.out) == 0 {
		return nil
	}
	_, err := l.to.Write(l.out)
	if l.out = l.out[:0]; cap(l.out) > 256<<10 {
		l.out = nil
	}
	return err
}

// FlushAbove writes what was queued if it is more than n bytes. A failure shows at the next Flush.
func (l *Link) FlushAbove(n int) {
	if len(l.out) > n {
		_ = l.Flush()
	}
}

// Receive waits for the next message and the files that came with it. io.EOF: the keeper is gone.
func (l *Link) Receive() (Message, []*os.File, error) {
	var buf []byte
	for {
		m, n, rest, ok, err := nextFrame(l.in)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			if n > len(l.handles) {
				return nil, nil, errFrame
			}
			if _, dump := m.(*Dump); dump {
				panic("the keeper heard no heartbeat and asks for the stacks of all goroutines")
			}
			files := make([]*os.File, 0, n)
			for _, h := range l.handles[:n] {
				files = append(files, os.NewFile(uintptr(h), "output"))
			}
			l.handles = l.handles[n:]
			if l.in = rest; len(rest) == 0 {
				l.in = nil
			}
			return m, files, nil
		}
		if buf == nil {
			buf = make([]byte, 64<<10)
		}
		if err := l.fill(buf); err != nil {
			return nil, nil, err
		}
	}
}

// More says that a whole message has been read already: the next Receive won't wait.
func (l *Link) More() bool {
	return len(l.in) >= header && uint64(binary.LittleEndian.Uint32(l.in)) <= uint64(len(l.in)-4)
}

// fill reads once, and takes whole pieces apart.
func (l *Link) fill(buf []byte) error {
	n, err := l.from.Read(buf)
	if err != nil {
		return err
	}
	l.raw = append(l.raw, buf[:n]...)
	for len(l.raw) >= pieceHeader {
		handles, bytes := int(binary.LittleEndian.Uint32(l.raw)), int(binary.LittleEndian.Uint32(l.raw[4:]))
		if handles > maxItems || bytes > maxFrame+enoughData {
			return errFrame
		}
		if len(l.raw) < pieceHeader+8*handles+bytes {
			return nil
		}
		rest := l.raw[pieceHeader:]
		for range handles {
			l.handles = append(l.handles, windows.Handle(binary.LittleEndian.Uint64(rest)))
			rest = rest[8:]
		}
		l.in = append(l.in, rest[:bytes]...)
		l.raw = append(l.raw[:0], rest[bytes:]...)
	}
	return nil
}

// Undertake does nothing on Windows: when the keeper ends, by whatever means, its handles of the jobs are closed, and the
// kernel ends all processes in them.
func Undertake(*Hello, []int) {}
