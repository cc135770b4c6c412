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
	next       record // the one after it, if ahead
	ahead      bool
}

// Swap goes on with another index. Until its first record, the last time stays.
func (x *IndexReader) Swap(path string) {
	x.Close()
	x.path, x.off, x.have, x.ahead = path, 0, nil, false
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
	x.f, x.off = f, recordSize
}

// Known tells whether there is an index: then the log is text.
func (x *IndexReader) Known() bool { return x.f != nil }

// At gives the time and the generation of the byte at off; offsets must ascend.
func (x *IndexReader) At(off int64) (time.Time, int) {
	for off >= 0 {
		if !x.ahead {
			r, ok := x.read()
			if !ok {
				break
			}
			x.next, x.ahead = r, true
		}
		if x.next.kind == kindOffset && int64(x.next.value) > off {
			break
		}
		x.ahead = false
		if x.next.kind == kindRun { // of the offset before
			x.generation = int(x.next.value)
			continue
		}
		x.now = time.UnixMicro(x.next.at)
	}
	return x.now, x.generation
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
		if x.f == nil {
			return record{}, false
		}
		if x.buf == nil {
			x.buf = make([]byte, 256*recordSize)
		}
		n, _ := x.f.ReadAt(x.buf, x.off)
		n -= n % recordSize
		if n == 0 {
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
