package wire

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// Link is the supervisor's end of the connection to its keeper. Receive and More belong to one goroutine, Send, Flush and FlushAbove
// to one (other) goroutine.
type Link struct {
	pipe  pipe
	out   []byte       // queued by Send
	in    []byte       // frames that were read and not given out yet
	files []descriptor // that came with them
}

// Connect takes up the connection to the keeper that started this process. It fails in a process that no keeper started.
func Connect() (*Link, error) {
	p, err := connect()
	if err != nil {
		return nil, err
	}
	return &Link{pipe: p}, nil
}

var errByHand = errors.New("the supervisor is started by the keeper, not by hand; use: daruma run")

// KeeperLost says whether an error of Receive means that the keeper has ended. Any other error is this process' own: it ends, and its
// successor is sent everything once more.
func KeeperLost(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, errPeerGone) }

// Send queues a message until Flush.
func (l *Link) Send(m Message) { l.out = AppendFrame(l.out, m, 0) }

// Flush writes what was queued. The keeper always reads, so this doesn't wait for long.
func (l *Link) Flush() error {
	if len(l.out) == 0 {
		return nil
	}
	_, err := l.pipe.Write(l.out)
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

// Receive waits for the next message and the files that came with it. After an error, see KeeperLost, it must not be called again.
//
// It panics when the keeper asks for the stacks of all goroutines (DumpStacks): this goroutine runs even where the supervisor's loop
// hangs.
//
// The keeper may be newer than this supervisor, where an upgrade of the file on disk was taken back. Messages and fields that aren't
// known are passed over: whatever changes what a known message means needs a new kind.
func (l *Link) Receive() (Message, []*os.File, error) {
	var buf []byte
	for {
		f, rest, ok, err := cutFrame(l.in)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			m, files, err := l.deliver(f, rest)
			if m == nil && err == nil {
				continue // the keeper is newer, and says what this supervisor doesn't know
			}
			return m, files, err
		}
		if buf == nil {
			buf = make([]byte, readSize)
		}
		if err := l.fill(buf); err != nil {
			return nil, nil, err
		}
	}
}

// deliver takes the frame's files off those that have come, and reads its message. It is nil where its kind isn't known.
func (l *Link) deliver(f frame, rest []byte) (Message, []*os.File, error) {
	if f.files > len(l.files) {
		return nil, nil, ErrMalformed
	}
	m, _, err := f.message()
	if err != nil {
		return nil, nil, err
	}
	if _, dump := m.(*DumpStacks); dump {
		panic("the keeper heard no heartbeat and asks for the stacks of all goroutines")
	}
	files := make([]*os.File, 0, f.files)
	for _, d := range l.files[:f.files] {
		files = append(files, os.NewFile(uintptr(d), "output"))
	}
	l.files = l.files[f.files:]
	if l.in = rest; len(rest) == 0 {
		l.in = nil
	}
	if m == nil {
		for _, file := range files {
			_ = file.Close()
		}
		return nil, nil, nil
	}
	return m, files, nil
}

// More says that a whole message has been read already: the next Receive won't wait.
func (l *Link) More() bool {
	return len(l.in) >= header && uint64(binary.LittleEndian.Uint32(l.in)) <= uint64(len(l.in)-4)
}
