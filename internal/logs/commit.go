package logs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// The commit record of a program says up to where its spools are encoded and how long its JSON log is with that. It is
// written by one pwrite(2) within one page, which a kill can't tear. Little endian:
//
//	0   commitMagic
//	8   number of the log file (the one it gets when it is rotated)
//	16  its length
//	24  count of streams, up to maxStreams; each 24 bytes: generation, 1 stdout or 2 stderr, bytes encoded of the spool
//	…   CRC-32 (IEEE) of all before
const (
	commitMagic  = "darumaC1"
	commitHeader = 32
	commitEntry  = 24
	maxStreams   = 100
	commitMost   = commitHeader + maxStreams*commitEntry + 4
)

// taken is the content of a commit record.
type taken struct {
	seq     uint64
	size    int64
	streams []streamDone
}

type streamDone struct {
	generation int
	stream     byte
	done       int64
}

func streamNumber(stream string) byte {
	switch stream {
	case "stdout":
		return 1
	case "stderr":
		return 2
	}
	return 0
}

func (t *taken) find(generation int, stream string) *streamDone {
	for i := range t.streams {
		if s := &t.streams[i]; s.generation == generation && s.stream == streamNumber(stream) {
			return s
		}
	}
	return nil
}

func (t *taken) done(generation int, stream string) int64 {
	if s := t.find(generation, stream); s != nil {
		return s.done
	}
	return 0
}

func (t *taken) set(generation int, stream string, done int64) {
	s := t.find(generation, stream)
	if s == nil {
		if len(t.streams) == maxStreams { // so many runs at once can't be: the oldest has no spool any more
			t.streams = t.streams[1:]
		}
		t.streams = append(t.streams, streamDone{generation: generation, stream: streamNumber(stream)})
		s = &t.streams[len(t.streams)-1]
	}
	s.done = done
}

func (t *taken) drop(generation int, stream string) {
	for i, s := range t.streams {
		if s.generation == generation && s.stream == streamNumber(stream) {
			t.streams = append(t.streams[:i], t.streams[i+1:]...)
			return
		}
	}
}

func (t *taken) append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, commitMagic...)
	b = le.AppendUint64(b, t.seq)
	b = le.AppendUint64(b, uint64(t.size))
	b = le.AppendUint64(b, uint64(len(t.streams)))
	for _, s := range t.streams {
		b = le.AppendUint64(b, uint64(s.generation))
		b = le.AppendUint64(b, uint64(s.stream))
		b = le.AppendUint64(b, uint64(s.done))
	}
	return le.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// parseTaken reads a record; false where it isn't one.
func parseTaken(b []byte) (taken, bool) {
	le := binary.LittleEndian
	if len(b) < commitHeader+4 || string(b[:8]) != commitMagic {
		return taken{}, false
	}
	t := taken{seq: le.Uint64(b[8:]), size: int64(le.Uint64(b[16:]))}
	count := le.Uint64(b[24:])
	if count > maxStreams || len(b) < commitHeader+int(count)*commitEntry+4 || t.size < 0 {
		return taken{}, false
	}
	end := commitHeader + int(count)*commitEntry
	if le.Uint32(b[end:]) != crc32.ChecksumIEEE(b[:end]) {
		return taken{}, false
	}
	for e := b[commitHeader:end]; len(e) > 0; e = e[commitEntry:] {
		s := streamDone{int(le.Uint64(e)), byte(le.Uint64(e[8:])), int64(le.Uint64(e[16:]))}
		if s.done < 0 {
			return taken{}, false
		}
		t.streams = append(t.streams, s)
	}
	return t, true
}

// encoder is what a sink needs for JSON.
type encoder struct {
	f     *os.File
	taken taken
	buf   []byte // of the record
}

func (k *Sink) commitPath() string {
	return filepath.Join(k.store.opts.SpoolDir, k.name+".commit")
}

// openEncoder reads the commit record and cuts the log to what it vouches for: what follows will be encoded again.
// The log must be open.
func (k *Sink) openEncoder() error {
	if k.lines != nil {
		return nil
	}
	if err := os.MkdirAll(k.store.opts.SpoolDir, 0o700); err != nil {
		return err
	}
	f, err := openLog(k.commitPath(), os.O_CREATE)
	if err != nil {
		return err
	}
	b := make([]byte, commitMost)
	n, _ := f.ReadAt(b, 0)
	e := &encoder{f: f}
	t, ok := parseTaken(b[:n])
	switch {
	case ok:
		e.taken = t
		if l := &k.file; t.seq == l.seq && t.size < l.size {
			if err := l.f.Truncate(t.size); err != nil {
				f.Close()
				return err
			}
			l.size = t.size
		}
	case len(bytes.Trim(b[:n], "\x00")) > 0: // zeros: killed before the first entry
		k.file.say(fmt.Errorf("%s is no commit record; lines may be repeated", k.commitPath()))
	}
	if n < commitMost { // room for the largest record, so that a full disk can't refuse one
		if _, err := f.WriteAt(make([]byte, commitMost-n), int64(n)); err != nil {
			f.Close()
			return err
		}
	}
	if err := k.endTorn(); err != nil {
		f.Close()
		return err
	}
	k.lines = e
	return nil
}

// endTorn cuts a torn last line off, which only a power failure leaves.
func (k *Sink) endTorn() error {
	l := &k.file
	buf := k.store.pump.scratch.buffers.take()
	defer k.store.pump.scratch.buffers.give(buf)
	for l.size > 0 && !l.endsLine() {
		from := max(0, l.size-bufferSize)
		n, err := l.f.ReadAt((*buf)[:l.size-from], from)
		if err != nil && n == 0 {
			return err
		}
		keep := from + int64(lastLine((*buf)[:n]))
		if err := l.f.Truncate(keep); err != nil {
			return err
		}
		l.size = keep
	}
	return nil
}

// commit makes the state of this moment the one that a successor goes on from.
func (k *Sink) commit() error {
	e := k.lines
	e.taken.seq, e.taken.size = k.file.seq, k.file.size
	e.buf = e.taken.append(e.buf[:0])
	_, err := e.f.WriteAt(e.buf, 0)
	return err
}

// dropEncoder forgets the open record.
func (k *Sink) dropEncoder() {
	if k.lines != nil {
		k.lines.f.Close()
		k.lines = nil
	}
}
