package logread

import (
	"bytes"
	"io"
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
	reads      int   // calls of r.Read so far
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

// position is how far the stream was read.
func (l *lineReader) position() int64 { return l.off + int64(l.end-l.start) }

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
		if l.end-l.start >= lineMost { // always as much, so that whoever reads it again gets the same parts
			text, off = l.give(lineMost)
			return text, off, false, nil
		}
		l.makeRoom()
		n, err := l.r.Read(l.buf[l.end:])
		l.reads++
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

// giveBack takes back the last n bytes of what next gave, with the newline after them where there was one.
func (l *lineReader) giveBack(n int, ended bool) {
	if ended {
		n++
	}
	l.start -= n
	l.off -= int64(n)
	l.searched = l.start
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
