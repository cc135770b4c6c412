package logs

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// A kill between the writing of bytes and their leaving the pipe would make a successor write them once more. splice(2) does both at
// once. Where it isn't there (Windows, and file systems that don't have it), the record of moves says ahead of each what is going to
// be written where: what the pipe begins with has been written already if it is the same, and is then only taken.
//
// The record of a program has one slot for each of its pipes. Little endian:
//
//	0   generation
//	8   1 stdout or 2 stderr, + 16 where the file is the log itself and not a spool
//	16  where in the file
//	24  count of bytes; 0: nothing is under way
//	32  CRC-32 (IEEE) of the bytes
//	40  CRC-32 (IEEE) of all before
//
// What remains: after a kill in the instant between taking and saying so, a program that repeats itself to the byte loses as much
// as was moved then (up to 64 KiB), because the pipe looks as if nothing had been taken.
const (
	moveSlot = 64 // a divisor of a page, within which a write isn't torn by a kill
	moveUsed = 48
	textMove = 16
)

// move is one slot.
type move struct {
	generation int
	kind       byte
	off        int64
	n          int
	sum        uint32
}

func (m move) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, uint64(m.generation))
	b = le.AppendUint64(b, uint64(m.kind))
	b = le.AppendUint64(b, uint64(m.off))
	b = le.AppendUint64(b, uint64(m.n))
	b = le.AppendUint64(b, uint64(m.sum))
	return le.AppendUint64(b, uint64(crc32.ChecksumIEEE(b)))
}

// parseMove reads a slot; a broken one, which only a power failure leaves, is an empty one.
func parseMove(b []byte) move {
	le := binary.LittleEndian
	if le.Uint64(b[40:]) != uint64(crc32.ChecksumIEEE(b[:40])) {
		return move{}
	}
	m := move{int(le.Uint64(b)), byte(le.Uint64(b[8:])), int64(le.Uint64(b[16:])), int(le.Uint64(b[24:])), uint32(le.Uint64(b[32:]))}
	if m.off < 0 || m.n < 0 || m.n > bufferSize {
		return move{}
	}
	return m
}

// moves is the record of a program. It belongs to the turn, under the sink's lock.
type moves struct {
	f     *os.File
	slots []move
	used  []*Capture // whose the slots are
}

func (k *Sink) movesPath() string {
	return filepath.Join(k.store.opts.SpoolDir, k.name+".moves")
}

// openMoves reads what a predecessor left. create: this sink is going to need the record.
func (k *Sink) openMoves(create bool) error {
	if k.moves != nil && (k.moves.f != nil || !create) {
		return nil
	}
	flags := 0
	if create {
		if err := os.MkdirAll(k.store.opts.SpoolDir, 0o700); err != nil {
			return err
		}
		flags = os.O_CREATE
	}
	f, err := openLog(k.movesPath(), flags)
	if os.IsNotExist(err) {
		k.moves = &moves{}
		return nil
	}
	if err != nil {
		return err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return err
	}
	m := &moves{f: f}
	for ; len(b) >= moveUsed; b = b[min(moveSlot, len(b)):] {
		m.slots = append(m.slots, parseMove(b))
	}
	m.used = make([]*Capture, len(m.slots))
	if err := k.cutTorn(m); err != nil {
		f.Close()
		return err
	}
	k.moves = m
	return nil
}

// cutTorn takes off what a kill left half written at the end of a text log, before anything is appended.
func (k *Sink) cutTorn(m *moves) error {
	l := &k.file
	for _, s := range m.slots {
		if !l.indexed || s.n == 0 || s.kind&textMove == 0 || s.off >= l.size || l.size >= s.off+int64(s.n) {
			continue
		}
		if err := l.f.Truncate(s.off); err != nil {
			return err
		}
		l.size = s.off
	}
	return nil
}

// settle finishes the move that a kill interrupted in a predecessor, once for each capture; size is that of the file that it went to.
// It gives the bytes that were in there already, and the size the file has now.
func (c *Capture) settle(f *os.File, size int64) (taken int, now int64, err error) {
	k := c.sink
	if c.settled || k.store.opts.SpoolDir == "" {
		return 0, size, nil
	}
	if err := k.openMoves(false); err != nil {
		return 0, size, err
	}
	i := k.moves.find(c)
	if i < 0 || k.moves.slots[i].n == 0 {
		c.settled = true
		return 0, size, nil
	}
	k.moves.used[i] = c
	m := k.moves.slots[i]
	switch end := m.off + int64(m.n); {
	case size >= end:
		taken, err = c.takeWritten(m)
	case size > m.off: // half written
		if err = f.Truncate(m.off); err == nil {
			size = m.off
		}
	}
	if err == nil {
		err = k.moves.set(i, move{generation: m.generation, kind: m.kind})
	}
	c.settled = err == nil
	if c.left > 0 {
		c.left = max(0, c.left-taken)
	}
	return taken, size, err
}

// takeWritten takes the bytes of a move out of the pipe if they are in there still.
func (c *Capture) takeWritten(m move) (int, error) {
	buf := c.src.scratch.buffers.take()
	defer c.src.scratch.buffers.give(buf)
	n, err := c.src.peek((*buf)[:m.n])
	if err == io.EOF || err == errEmpty {
		return 0, nil
	}
	if err != nil || n < m.n || crc32.ChecksumIEEE((*buf)[:n]) != m.sum {
		return 0, err
	}
	return c.src.discard(n), nil
}

// copyTo is how bytes get into a file where they can't be moved at once: look at them, write them, and only then take them.
func (c *Capture) copyTo(f *os.File, off int64, most int) (int, error) {
	buf := c.src.scratch.buffers.take()
	defer c.src.scratch.buffers.give(buf)
	n, err := c.src.peek((*buf)[:min(most, len(*buf))])
	if err != nil {
		return 0, err
	}
	end, err := c.beginMove((*buf)[:n], off)
	if err != nil {
		return 0, err
	}
	written, err := f.WriteAt((*buf)[:n], off)
	if written > 0 && written < n { // a full disk
		end, err = c.beginMove((*buf)[:written], off)
	}
	if written > 0 && err == nil {
		c.src.discard(written)
	}
	if failed := end(); failed != nil {
		c.sink.file.say(fmt.Errorf("%s can't be written; after a crash, output may be repeated: %w", c.sink.movesPath(), failed))
	}
	if err != nil {
		return 0, err
	}
	return written, nil
}

// beginMove notes what is going to be written; end that it is in the file and out of the pipe.
func (c *Capture) beginMove(b []byte, off int64) (end func() error, err error) {
	k := c.sink
	if k.store.opts.SpoolDir == "" {
		return func() error { return nil }, nil
	}
	if err := k.openMoves(true); err != nil {
		return nil, err
	}
	m := move{generation: c.generation, kind: c.moveKind()}
	i := k.moves.place(c)
	end = func() error { return k.moves.set(i, m) }
	under := m
	under.off, under.n, under.sum = off, len(b), crc32.ChecksumIEEE(b)
	return end, k.moves.set(i, under)
}

func (c *Capture) moveKind() byte {
	if c.sink.file.indexed {
		return streamNumber(c.stream) | textMove
	}
	return streamNumber(c.stream)
}

// find gives the slot of a capture or of its predecessor, -1 where it has none.
func (m *moves) find(c *Capture) int {
	for i, s := range m.slots {
		if m.used[i] == c || m.used[i] == nil && s.n > 0 && s.generation == c.generation && s.kind == c.moveKind() {
			return i
		}
	}
	return -1
}

// place gives the slot of a capture: its own, or one that is free.
func (m *moves) place(c *Capture) int {
	i := m.find(c)
	for j := 0; i < 0 && j < len(m.slots); j++ {
		if m.used[j] == nil && m.slots[j].n == 0 {
			i = j
		}
	}
	if i < 0 {
		i = len(m.slots)
		m.slots, m.used = append(m.slots, move{}), append(m.used, nil)
	}
	m.used[i] = c
	return i
}

// set writes a slot.
func (m *moves) set(i int, s move) error {
	if m.slots[i] = s; m.f == nil {
		return nil
	}
	_, err := m.f.WriteAt(s.append(make([]byte, 0, moveUsed)), int64(i)*moveSlot)
	return err
}

// free gives up the slot of a capture that is done.
func (m *moves) free(c *Capture) {
	if m == nil {
		return
	}
	for i := range m.used {
		if m.used[i] == c {
			m.used[i] = nil
		}
	}
}

// dropMoves forgets the open record.
func (k *Sink) dropMoves() {
	if k.moves != nil && k.moves.f != nil {
		k.moves.f.Close()
	}
	k.moves = nil
}
