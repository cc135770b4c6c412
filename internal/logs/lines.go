package logs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// lineMost is the longest line that is given in one piece.
const lineMost = 1 << 20

// lineReader cuts a stream into lines. It keeps what is unfinished when the stream ends, and goes on with what comes
// later, of the same stream or of the next.
type lineReader struct {
	r          io.Reader
	buf        []byte
	start, end int   // of what isn't given yet
	searched   int   // from start to here there is no newline
	off        int64 // of buf[start] in the stream; negative: in the one before
}

// reset begins anew with a stream that is at offset off.
func (l *lineReader) reset(r io.Reader, off int64) {
	l.r, l.start, l.end, l.searched, l.off = r, 0, 0, 0, off
}

// swap goes on with another stream.
func (l *lineReader) swap(r io.Reader) {
	l.r, l.off = r, -int64(l.end-l.start)
}

// next gives the next line without its newline, valid until the next call, and where it begins. ended is false for
// a part of a line that is longer than lineMost. io.EOF: there is nothing more now.
func (l *lineReader) next() (text []byte, off int64, ended bool, err error) {
	for {
		if i := bytes.IndexByte(l.buf[l.searched:l.end], '\n'); i >= 0 {
			text, off = l.give(l.searched + i - l.start)
			l.start++
			l.off++
			l.searched = l.start
			return text, off, true, nil
		}
		l.searched = l.end
		if l.end-l.start >= lineMost {
			text, off = l.give(l.end - l.start)
			return text, off, false, nil
		}
		l.makeRoom()
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		if n == 0 && err != nil {
			return nil, 0, false, err
		}
	}
}

// give takes n bytes.
func (l *lineReader) give(n int) ([]byte, int64) {
	text, off := l.buf[l.start:l.start+n], l.off
	l.start += n
	l.off += int64(n)
	l.searched = l.start
	return text, off
}

func (l *lineReader) makeRoom() {
	const least = 32 << 10
	if l.start == l.end {
		l.start, l.end, l.searched = 0, 0, 0
	}
	if len(l.buf)-l.end >= least/2 {
		return
	}
	to := l.buf
	if l.end-l.start > len(l.buf)/2 || len(l.buf) == 0 {
		to = make([]byte, max(least, 2*len(l.buf)))
	}
	n := copy(to, l.buf[l.start:l.end])
	l.buf, l.start, l.end, l.searched = to, 0, n, n
}

func (l *lineReader) pending() bool { return l.end > l.start }

// rest takes what is unfinished.
func (l *lineReader) rest() ([]byte, int64) { return l.give(l.end - l.start) }

// indexReader gives the times at which the bytes of a text log came. It reads the index along with the log.
type indexReader struct {
	path string
	f    *os.File
	off  int64
	buf  []byte
	have []byte // of buf, not used yet

	now        time.Time // of the record that holds
	generation int
	next       record // the one after it, where ahead
	ahead      bool
}

// swap goes on with another index; until its first record the last time holds.
func (x *indexReader) swap(path string) {
	x.close()
	x.path, x.off, x.have, x.ahead = path, 0, nil, false
	x.open()
}

// open tries to open the index.
func (x *indexReader) open() {
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

// known tells whether there is an index: then the log is text.
func (x *indexReader) known() bool { return x.f != nil }

// at gives the time and the generation of the byte at off; offsets must ascend.
func (x *indexReader) at(off int64) (time.Time, int) {
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

// read gives the next record that checks.
func (x *indexReader) read() (record, bool) {
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

func (x *indexReader) close() {
	if x.f != nil {
		x.f.Close()
		x.f = nil
	}
}

// decodeLine reads one object of a JSON log.
func decodeLine(b []byte) (Line, bool) {
	var o struct {
		Time       time.Time `json:"@timestamp"`
		Generation int       `json:"daruma.generation"`
		Stream     string    `json:"daruma.stream"`
		Message    *string   `json:"message"`
		Base64     string    `json:"daruma.message_base64"`
		Partial    bool      `json:"daruma.partial"`
		NoNewline  bool      `json:"daruma.no_newline"`
	}
	if !isOurJSON(b) || json.Unmarshal(b, &o) != nil || o.Message == nil {
		return Line{}, false
	}
	l := Line{Generation: o.Generation, Stream: o.Stream, Time: o.Time, Text: []byte(*o.Message), Partial: o.Partial || o.NoNewline}
	if raw, err := base64.StdEncoding.DecodeString(o.Base64); err == nil && o.Base64 != "" {
		l.Text = raw
	}
	return l, true
}
