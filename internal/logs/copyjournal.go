package logs

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// splice(2) takes bytes out of the pipe and writes them at once. Where it isn't there (Windows, and file systems that don't have it),
// bytes are written first and taken out of the pipe afterwards, and a kill in between would make a successor write them once more.
// So the copy journal says ahead of each copy what is going to be written where. A successor compares it with the file and the pipe:
// bytes that are in both are only taken out of the pipe.
//
// The journal of a program has one slot for each of its pipes. Little endian:
//
//	0   generation
//	8   1 stdout or 2 stderr, + 16 where the file is the log itself and not a spool
//	16  where in the file
//	24  count of bytes; 0: no copy is under way
//	32  CRC-32 (IEEE) of the bytes
//	40  CRC-32 (IEEE) of all before
//
// What remains: a kill can come after the bytes were taken out and before the slot says so. If the program has written exactly the
// same bytes again, the pipe looks as if nothing had been taken, and up to 64 KiB are lost.
const (
	slotSize   = 64 // a divisor of a page, within which a write isn't torn by a kill
	slotUsed   = 48
	maxJournal = 1 << 20 // bytes that are read
	textSlot   = 16
)

// slot is one copy that is under way, or none.
type slot struct {
	generation int
	kind       byte
	off        int64
	n          int
	sum        uint32
}

func (s slot) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, uint64(s.generation))
	b = le.AppendUint64(b, uint64(s.kind))
	b = le.AppendUint64(b, uint64(s.off))
	b = le.AppendUint64(b, uint64(s.n))
	b = le.AppendUint64(b, uint64(s.sum))
	return le.AppendUint64(b, uint64(crc32.ChecksumIEEE(b)))
}

// parseSlot reads a slot; a broken one, which only a power failure leaves, is an empty one.
func parseSlot(b []byte) slot {
	le := binary.LittleEndian
	if le.Uint64(b[40:]) != uint64(crc32.ChecksumIEEE(b[:40])) {
		return slot{}
	}
	s := slot{int(le.Uint64(b)), byte(le.Uint64(b[8:])), int64(le.Uint64(b[16:])), int(le.Uint64(b[24:])), uint32(le.Uint64(b[32:]))}
	if s.off < 0 || s.n < 0 || s.n > bufferSize {
		return slot{}
	}
	return s
}

// copyJournal is the journal of a program. It belongs to the goroutine that has the turn, under the sink's lock.
type copyJournal struct {
	f     *os.File
	slots []slot
	used  []*Copier // by slot: whose it is
}

func (k *Sink) journalPath() string {
	return filepath.Join(k.store.opts.SpoolDir, k.name+".copies")
}

// openJournal reads what a predecessor left. create: this sink is going to write to it.
func (k *Sink) openJournal(create bool) error {
	if k.journal != nil && (k.journal.f != nil || !create) {
		return nil
	}
	flags := 0
	if create {
		if err := os.MkdirAll(k.store.opts.SpoolDir, 0o700); err != nil {
			return err
		}
		flags = os.O_CREATE
	}
	f, err := safefile.OpenFile(k.journalPath(), os.O_RDWR|flags, spoolMode)
	if os.IsNotExist(err) {
		k.journal = &copyJournal{}
		return nil
	}
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxJournal))
	if err != nil {
		f.Close()
		return err
	}
	j := &copyJournal{f: f}
	for ; len(b) >= slotUsed; b = b[min(slotSize, len(b)):] {
		j.slots = append(j.slots, parseSlot(b))
	}
	j.used = make([]*Copier, len(j.slots))
	if err := k.cutTornCopy(j); err != nil {
		f.Close()
		return err
	}
	k.journal = j
	return nil
}

// cutTornCopy takes off what a kill left half written at the end of a text log, before anything is appended.
func (k *Sink) cutTornCopy(j *copyJournal) error {
	l := k.file
	for _, s := range j.slots {
		if !l.Indexed() || s.n == 0 || s.kind&textSlot == 0 || s.off >= l.Size || l.Size >= s.off+int64(s.n) {
			continue
		}
		if err := l.File.Truncate(s.off); err != nil {
			return err
		}
		l.Size = s.off
	}
	return nil
}

// resume finishes the copy that a kill interrupted in a predecessor, once for each copier; size is that of the file that it went to.
// It gives how many bytes were in the file already and have been taken out of the pipe now, and the size that the file has now.
func (c *Copier) resume(f *os.File, size int64) (taken int, now int64, err error) {
	k := c.sink
	if c.resumed || k.store.opts.SpoolDir == "" {
		return 0, size, nil
	}
	if err := k.openJournal(false); err != nil {
		return 0, size, err
	}
	i := k.journal.find(c)
	if i < 0 || k.journal.slots[i].n == 0 {
		c.resumed = true
		return 0, size, nil
	}
	k.journal.used[i] = c
	s := k.journal.slots[i]
	switch end := s.off + int64(s.n); {
	case size >= end:
		taken, err = c.discardWritten(s)
	case size > s.off: // half written
		if err = f.Truncate(s.off); err == nil {
			size = s.off
		}
	}
	if err == nil {
		err = k.journal.set(i, slot{generation: s.generation, kind: s.kind})
	}
	c.resumed = err == nil
	if c.remaining > 0 {
		c.remaining = max(0, c.remaining-taken)
	}
	return taken, size, err
}

// discardWritten takes the bytes of a copy out of the pipe if they are in there still.
func (c *Copier) discardWritten(s slot) (int, error) {
	buf := c.pipe.peeker.buffers.take()
	defer c.pipe.peeker.buffers.give(buf)
	n, err := c.pipe.peek((*buf)[:s.n])
	if err == io.EOF || err == errEmpty {
		return 0, nil
	}
	if err != nil || n < s.n || crc32.ChecksumIEEE((*buf)[:n]) != s.sum {
		return 0, err
	}
	return c.pipe.discard(n), nil
}

// copyTo copies up to most bytes to the file at off, where splice(2) isn't there: it peeks, writes, and only then discards.
func (c *Copier) copyTo(f *os.File, off int64, most int) (int, error) {
	buf := c.pipe.peeker.buffers.take()
	defer c.pipe.peeker.buffers.give(buf)
	n, err := c.pipe.peek((*buf)[:min(most, len(*buf))])
	if err != nil {
		return 0, err
	}
	end, err := c.beginCopy((*buf)[:n], off)
	if err != nil {
		return 0, err
	}
	written, err := f.WriteAt((*buf)[:n], off)
	if written > 0 && written < n { // a full disk
		end, err = c.beginCopy((*buf)[:written], off)
	}
	if written > 0 && err == nil {
		c.pipe.discard(written)
	}
	if failed := end(); failed != nil {
		c.sink.file.Report(fmt.Errorf("%s can't be written; after a crash, output may be repeated: %w", c.sink.journalPath(), failed))
	}
	if err != nil {
		return 0, err
	}
	return written, nil
}

// beginCopy writes down what is going to be written; end, that it is in the file and out of the pipe.
func (c *Copier) beginCopy(b []byte, off int64) (end func() error, err error) {
	k := c.sink
	if k.store.opts.SpoolDir == "" {
		return func() error { return nil }, nil
	}
	if err := k.openJournal(true); err != nil {
		return nil, err
	}
	free := slot{generation: c.generation, kind: c.slotKind()}
	i := k.journal.place(c)
	end = func() error { return k.journal.set(i, free) }
	s := free
	s.off, s.n, s.sum = off, len(b), crc32.ChecksumIEEE(b)
	return end, k.journal.set(i, s)
}

func (c *Copier) slotKind() byte {
	if c.sink.file.Indexed() {
		return streamNumber(c.stream) | textSlot
	}
	return streamNumber(c.stream)
}

// find gives the slot of a copier or of its predecessor, -1 where it has none.
func (j *copyJournal) find(c *Copier) int {
	for i, s := range j.slots {
		if j.used[i] == c || j.used[i] == nil && s.n > 0 && s.generation == c.generation && s.kind == c.slotKind() {
			return i
		}
	}
	return -1
}

// place gives the slot of a copier: its own, or one that is free.
func (j *copyJournal) place(c *Copier) int {
	i := j.find(c)
	for n := 0; i < 0 && n < len(j.slots); n++ {
		if j.used[n] == nil && j.slots[n].n == 0 {
			i = n
		}
	}
	if i < 0 {
		i = len(j.slots)
		j.slots, j.used = append(j.slots, slot{}), append(j.used, nil)
	}
	j.used[i] = c
	return i
}

// set writes a slot.
func (j *copyJournal) set(i int, s slot) error {
	if j.slots[i] = s; j.f == nil {
		return nil
	}
	_, err := j.f.WriteAt(s.append(make([]byte, 0, slotUsed)), int64(i)*slotSize)
	return err
}

// free gives up the slot of a copier that is done.
func (j *copyJournal) free(c *Copier) {
	if j == nil {
		return
	}
	for i := range j.used {
		if j.used[i] == c {
			j.used[i] = nil
		}
	}
}

// closeJournal closes it.
func (k *Sink) closeJournal() {
	if k.journal != nil && k.journal.f != nil {
		k.journal.f.Close()
	}
	k.journal = nil
}
