package logfile

import (
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// IndexReader gives the times at which the bytes of a text log came. It reads the index along with the log.
type IndexReader struct {
	path string
	f    *os.File
	off  int64
	buf  []byte
	have []byte // of buf, not used yet

	now        time.Time // of the last record up to the offset
	generation int
	dry        bool     // there were no more records; see Refresh
	ahead      []record // those after it that were read already,
	taken      int      // and how many of them aren't ahead any more
}

// Swap goes on with another index. Until its first record, the last time stays.
func (x *IndexReader) Swap(path string) {
	x.Close()
	x.path, x.off, x.have, x.ahead = path, 0, nil, x.ahead[:0]
	x.taken = 0
	x.dry = false
	x.Open()
}

// Open tries to open the index.
func (x *IndexReader) Open() {
	if x.f != nil {
		return
	}
	f, err := safefile.Open(x.path)
	if err != nil {
		return
	}
	var head [recordSize]byte
	if n, _ := f.ReadAt(head[:], 0); n > 0 && string(head[:n]) != indexMagic {
		f.Close()
		return
	}
	x.f, x.off, x.dry = f, recordSize, false
}

// Refresh has the file looked at again where it had no more records.
func (x *IndexReader) Refresh() { x.dry = false }

// Known tells whether there is an index: then the log is text.
func (x *IndexReader) Known() bool { return x.f != nil }

// Born gives when the first byte of the log came, in microseconds since 1970; 0: that isn't known. It never changes for a file, and no
// two files of a program have the same.
func (x *IndexReader) Born() int64 {
	var b [recordSize]byte
	if x.f == nil {
		return 0
	}
	if n, _ := x.f.ReadAt(b[:], recordSize); n < recordSize {
		return 0
	}
	r, ok := getRecord(b[:])
	if !ok || r.kind != kindOffset || r.value != 0 {
		return 0
	}
	return r.at
}

// At gives the time and the generation of the byte at off; offsets must ascend.
func (x *IndexReader) At(off int64) (time.Time, int) {
	for off >= 0 && x.lookAhead(0) {
		next := x.ahead[x.taken]
		if next.kind != kindRun && int64(next.value) > off {
			break
		}
		if x.taken++; x.taken == len(x.ahead) {
			x.ahead, x.taken = x.ahead[:0], 0
		}
		switch next.kind {
		case kindRun: // of the offset before
			x.generation = int(next.value)
		case kindOffset:
			x.now = time.UnixMicro(next.at)
		}
	}
	return x.now, x.generation
}

// Cut gives the first offset after off, up to and with to, at which a run's output ends; false where there is none. A negative off is
// in the file before. Like those of At its offsets must ascend.
func (x *IndexReader) Cut(off, to int64) (int64, bool) {
	_, generation := x.At(off)
	at := off
	for i := 0; x.lookAhead(i); i++ {
		r := x.ahead[x.taken+i]
		if r.kind != kindRun {
			if at = int64(r.value); at > to {
				break
			}
		}
		ends := r.kind == kindEnd || r.kind == kindRun && int(r.value) != generation
		if ends && at > off {
			return at, true
		}
	}
	return 0, false
}

// mostAhead bounds the memory for an index that somebody else wrote. Ours has at most one record a KiB of a line.
const mostAhead = 16 << 10

// lookAhead has record i of those ahead read; false where it isn't there (yet).
func (x *IndexReader) lookAhead(i int) bool {
	if i >= mostAhead {
		return false
	}
	for len(x.ahead)-x.taken <= i {
		r, ok := x.read()
		if !ok {
			return false
		}
		x.ahead = append(x.ahead, r)
	}
	return true
}

// read gives the next record whose check byte is right.
func (x *IndexReader) read() (record, bool) {
	for {
		for len(x.have) >= recordSize {
			r, ok := getRecord(x.have)
			x.have = x.have[recordSize:]
			if ok {
				return r, true
			}
		}
		if x.f == nil || x.dry {
			return record{}, false
		}
		if x.buf == nil {
			x.buf = make([]byte, 256*recordSize)
		}
		n, _ := x.f.ReadAt(x.buf, x.off)
		n -= n % recordSize
		if n == 0 {
			x.dry = true
			return record{}, false
		}
		x.off += int64(n)
		x.have = x.buf[:n]
	}
}

// Close closes the index.
func (x *IndexReader) Close() {
	if x.f != nil {
		x.f.Close()
		x.f = nil
	}
}
