package keeper

import (
	"encoding/binary"
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// What goes over the pipe to the supervisor are pieces: u32 number of handles, u32 bytes of frames, the handles as u64,
// the frames. The handles are the supervisor's already when it reads them; each frame says how many are its own.
const pieceHeader = 8

// linkVariable tells the supervisor the two pipe ends it has inherited: reading, writing.
const linkVariable = "DARUMA_LINK"

// linkPipes makes a pipe for each direction. theirs are inheritable, and to be closed once the supervisor has them.
func linkPipes() (down, up *os.File, theirs [2]windows.Handle, err error) {
	var r1, w1, r2, w2 windows.Handle
	if err = windows.CreatePipe(&r1, &w1, nil, 64<<10); err == nil {
		if err = windows.CreatePipe(&r2, &w2, nil, 64<<10); err == nil {
			theirs = [2]windows.Handle{r1, w2}
			for _, h := range theirs {
				if err == nil {
					err = windows.SetHandleInformation(h, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT)
				}
			}
		}
	}
	if err != nil {
		for _, h := range []windows.Handle{r1, w1, r2, w2} {
			closeIfOpen(h)
		}
		return nil, nil, theirs, os.NewSyscallError("making pipes to the supervisor", err)
	}
	return os.NewFile(uintptr(w1), "to the supervisor"), os.NewFile(uintptr(r2), "from the supervisor"), theirs, nil
}

// flush hands what is queued to the goroutine that writes. A supervisor that doesn't read makes the queue longer, not
// the keeper slower.
func (s *supervisor) flush(*keeper) {
	for _, o := range s.outbox {
		if s.out == nil {
			break
		}
		piece := make([]byte, pieceHeader, pieceHeader+8*len(o.fds)+len(o.data))
		binary.LittleEndian.PutUint32(piece, uint32(len(o.fds)))
		binary.LittleEndian.PutUint32(piece[4:], uint32(len(o.data)))
		for _, h := range o.fds {
			var theirs windows.Handle
			// It fails when the supervisor has just ended: then nobody reads this.
			_ = windows.DuplicateHandle(windows.CurrentProcess(), h, s.handle, &theirs, 0, false, windows.DUPLICATE_SAME_ACCESS)
			piece = binary.LittleEndian.AppendUint64(piece, uint64(theirs))
		}
		s.out.put(append(piece, o.data...))
	}
	s.outbox = nil
}

// read brings what the supervisor says to the loop, until there is nobody left to say anything.
func (k *keeper) read(from *os.File) {
	for {
		buf := make([]byte, 64<<10)
		n, err := from.Read(buf)
		k.poll.post(func() { k.heard(from, buf[:n], err != nil) })
		if err != nil {
			return
		}
	}
}

func (k *keeper) heard(from *os.File, data []byte, over bool) {
	s := &k.sup
	if s.in != from {
		return
	}
	if len(data) > 0 {
		s.inbox = append(s.inbox, data...)
		s.pending = true
	}
	if over {
		s.silent = true
		k.supervisorEnded()
	}
}

// pipeWriter writes pieces in order, in a goroutine of its own.
type pipeWriter struct {
	to    *os.File
	mu    sync.Mutex
	queue [][]byte
	over  bool
	wake  chan struct{}
}

func newPipeWriter(to *os.File) *pipeWriter {
	w := &pipeWriter{to: to, wake: make(chan struct{}, 1)}
	go w.run()
	return w
}

func (w *pipeWriter) put(piece []byte) {
	w.mu.Lock()
	w.queue = append(w.queue, piece)
	w.mu.Unlock()
	w.nudge()
}

// close gives the pipe up. Whoever read at its other end is gone.
func (w *pipeWriter) close() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.nudge()
}

func (w *pipeWriter) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *pipeWriter) run() {
	defer w.to.Close()
	for range w.wake {
		w.mu.Lock()
		queue, over := w.queue, w.over
		w.queue = nil
		w.mu.Unlock()
		for _, piece := range queue {
			if _, err := w.to.Write(piece); err != nil { // it is gone, which its process tells
				break
			}
		}
		if over {
			return
		}
	}
}
