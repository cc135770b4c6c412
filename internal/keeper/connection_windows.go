package keeper

import (
	"os"
	"sync"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// flush hands what is queued to the goroutine that writes. A supervisor that doesn't read makes the queue longer, not
// the keeper slower.
func (s *supervisor) flush(*keeper) {
	for _, o := range s.outbox {
		if s.out == nil {
			break
		}
		handles := make([]windows.Handle, len(o.fds))
		for i, h := range o.fds {
			// It fails when the supervisor has just ended: then nobody reads this.
			_ = windows.DuplicateHandle(windows.CurrentProcess(), h, s.handle, &handles[i], 0, false, windows.DUPLICATE_SAME_ACCESS)
		}
		s.out.put(wire.Piece(o.data, handles))
	}
	s.outbox = nil
}

// read brings what the supervisor sends to the loop, until the pipe's end.
func (k *keeper) read(from *os.File) {
	for {
		buf := make([]byte, 64<<10)
		n, err := from.Read(buf)
		k.poll.Post(func() { k.received(from, buf[:n], err != nil) })
		if err != nil {
			return
		}
	}
}

func (k *keeper) received(from *os.File, data []byte, ended bool) {
	s := &k.sup
	if s.in != from {
		return
	}
	if len(data) > 0 {
		s.inbox = append(s.inbox, data...)
		s.pending = true
	}
	if ended {
		s.inputEnded = true
		k.supervisorEnded()
	}
}

// pipeWriter writes pieces in order, in a goroutine of its own.
type pipeWriter struct {
	to    *os.File
	mu    sync.Mutex
	queue [][]byte
	over  bool // nothing more is written
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
			if _, err := w.to.Write(piece); err != nil { // it is gone, and the end of its process says so
				break
			}
		}
		if over {
			return
		}
	}
}
