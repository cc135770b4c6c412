package logs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// The commit record of a program says up to where its spools are encoded, and how long its JSON log is after that. It is
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

// commitRecord is the content of the record.
type commitRecord struct {
	seq     uint64
	size    int64
	streams []streamPosition
}

type streamPosition struct {
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

func (r *commitRecord) find(generation int, stream string) *streamPosition {
	for i := range r.streams {
		if s := &r.streams[i]; s.generation == generation && s.stream == streamNumber(stream) {
			return s
		}
	}
	return nil
}

func (r *commitRecord) done(generation int, stream string) int64 {
	if s := r.find(generation, stream); s != nil {
		return s.done
	}
	return 0
}

func (r *commitRecord) set(generation int, stream string, done int64) {
	s := r.find(generation, stream)
	if s == nil {
		if len(r.streams) == maxStreams { // there can't be so many runs at once: the oldest has no spool any more
			r.streams = r.streams[1:]
		}
		r.streams = append(r.streams, streamPosition{generation: generation, stream: streamNumber(stream)})
		s = &r.streams[len(r.streams)-1]
	}
	s.done = done
}

func (r *commitRecord) drop(generation int, stream string) {
	for i, s := range r.streams {
		if s.generation == generation && s.stream == streamNumber(stream) {
			r.streams = append(r.streams[:i], r.streams[i+1:]...)
			return
		}
	}
}

func (r *commitRecord) append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, commitMagic...)
	b = le.AppendUint64(b, r.seq)
	b = le.AppendUint64(b, uint64(r.size))
	b = le.AppendUint64(b, uint64(len(r.streams)))
	for _, s := range r.streams {
		b = le.AppendUint64(b, uint64(s.generation))
		b = le.AppendUint64(b, uint64(s.stream))
		b = le.AppendUint64(b, uint64(s.done))
	}
	return le.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// parseCommit reads a record; false where it isn't one.
func parseCommit(b []byte) (commitRecord, bool) {
	le := binary.LittleEndian
	if len(b) < commitHeader+4 || string(b[:8]) != commitMagic {
		return commitRecord{}, false
	}
	r := commitRecord{seq: le.Uint64(b[8:]), size: int64(le.Uint64(b[16:]))}
	count := le.Uint64(b[24:])
	if count > maxStreams || len(b) < commitHeader+int(count)*commitEntry+4 || r.size < 0 {
		return commitRecord{}, false
	}
	end := commitHeader + int(count)*commitEntry
	if le.Uint32(b[end:]) != crc32.ChecksumIEEE(b[:end]) {
		return commitRecord{}, false
	}
	for e := b[commitHeader:end]; len(e) > 0; e = e[commitEntry:] {
		s := streamPosition{int(le.Uint64(e)), byte(le.Uint64(e[8:])), int64(le.Uint64(e[16:]))}
		if s.done < 0 {
			return commitRecord{}, false
		}
		r.streams = append(r.streams, s)
	}
	return r, true
}

// commitFile is the open record.
type commitFile struct {
	f      *os.File
	record commitRecord
	buf    []byte // of the record
}

func (k *Sink) commitPath() string {
	return filepath.Join(k.store.opts.SpoolDir, k.name+".commit")
}

// openCommits reads the commit record and cuts the log to the committed length: what followed will be encoded again.
// The log must be open.
func (k *Sink) openCommits() error {
	if k.commits != nil {
		return nil
	}
	if err := os.MkdirAll(k.store.opts.SpoolDir, 0o700); err != nil {
		return err
	}
	f, err := safefile.OpenFile(k.commitPath(), os.O_RDWR|os.O_CREATE, spoolMode)
	if err != nil {
		return err
	}
	b := make([]byte, commitMost)
	n, _ := f.ReadAt(b, 0)
	c := &commitFile{f: f}
	r, ok := parseCommit(b[:n])
	switch {
	case ok:
		c.record = r
		if l := k.file; r.seq == l.Seq() && r.size < l.Size {
			if err := l.File.Truncate(r.size); err != nil {
				f.Close()
				return err
			}
			l.Size = r.size
		}
	case len(bytes.Trim(b[:n], "\x00")) > 0: // zeros are no damage: killed before the first entry
		k.file.Report(fmt.Errorf("%s is no commit record; lines may be repeated", k.commitPath()))
	}
	if n < commitMost { // room for the largest record, so that a full disk can't refuse one
		if _, err := f.WriteAt(make([]byte, commitMost-n), int64(n)); err != nil {
			f.Close()
			return err
		}
	}
	if err := k.cutTornLine(); err != nil {
		f.Close()
		return err
	}
	k.commits = c
	return nil
}

// cutTornLine cuts a torn last line off. Only a power failure leaves one.
func (k *Sink) cutTornLine() error {
	l := k.file
	buf := k.store.pump.peeker.buffers.take()
	defer k.store.pump.peeker.buffers.give(buf)
	for l.Size > 0 && !l.EndsLine() {
		from := max(0, l.Size-bufferSize)
		n, err := l.File.ReadAt((*buf)[:l.Size-from], from)
		if err != nil && n == 0 {
			return err
		}
		keep := from + int64(lastLine((*buf)[:n]))
		if err := l.File.Truncate(keep); err != nil {
			return err
		}
		l.Size = keep
	}
	return nil
}

// commit makes the state of this moment the one that a successor goes on from.
func (k *Sink) commit() error {
	e := k.commits
	e.record.seq, e.record.size = k.file.Seq(), k.file.Size
	e.buf = e.record.append(e.buf[:0])
	_, err := e.f.WriteAt(e.buf, 0)
	return err
}

// closeCommits closes the record.
func (k *Sink) closeCommits() {
	if k.commits != nil {
		k.commits.f.Close()
		k.commits = nil
	}
}
