package logread

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// goesOn tells whether a line is a further part of the one before it.
func goesOn(before, l *Line) bool {
	return before.Partial && !before.RunEnded && before.Program == l.Program && before.Generation == l.Generation && before.Stream == l.Stream
}

// seekLastLines makes the program reader begin with the n last lines, however many parts they come in, and wherever runs ended within a
// line. Newlines alone don't tell: so it begins a little earlier, reads, and counts.
func (t *programReader) seekLastLines(n int) error {
	if n < 0 {
		return t.seekLast(n)
	}
	segments := t.segments
	for most := n + 1; ; most *= 2 {
		t.segments, t.skip = segments, 0
		if err := t.seekLast(most); err != nil {
			return err
		}
		beginning := len(t.segments) == len(segments) && t.skip == 0
		found, err := t.count()
		if err != nil {
			return err
		}
		// The first one may be the end of a longer line.
		if found > n || beginning {
			t.skipLines = max(0, found-n)
			return nil
		}
	}
}

// count says how many lines there are from where t begins.
func (t *programReader) count() (int, error) {
	c := &programReader{dir: t.dir, program: t.program, raw: true, warn: func(error) {}, segments: t.segments, skip: t.skip, current: t.current, seq: t.seq, limit: t.limit}
	defer c.times.Close()
	defer c.finish() // the current file stays t's
	for {
		ok, err := c.fill()
		if !ok || err != nil {
			return c.begun, err
		}
		c.full = false
	}
}

// seekLast makes the program reader begin with the n last lines. Files are read from their end, compressed ones as a whole, and
// no more of them than needed.
func (t *programReader) seekLast(n int) error {
	if n < 0 {
		t.segments, t.skip = nil, t.limit
		return nil
	}
	if t.current != nil {
		off, found, err := lastLines(t.current, t.limit, n)
		if err != nil {
			return err
		}
		if n -= found; n == 0 {
			t.segments, t.skip = nil, off
			return nil
		}
	}
	for i := len(t.segments) - 1; i >= 0; i-- {
		off, found, err := t.lastOfSegment(t.segments[i], n)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.warn(err)
		}
		if n -= found; n == 0 {
			t.segments, t.skip = t.segments[i:], off
			return nil
		}
	}
	return nil
}

func (t *programReader) lastOfSegment(r logfile.Rotated, n int) (int64, int, error) {
	src, err := openSegment(t.dir, t.program, r)
	if err != nil {
		return 0, 0, err
	}
	defer src.Close()
	if f, ok := src.(*os.File); ok {
		st, err := f.Stat()
		if err != nil {
			return 0, 0, err
		}
		return lastLines(f, st.Size(), n)
	}
	return lastLinesStream(src, n)
}

// blockSize is how many bytes are read at a time.
const blockSize = 64 << 10

// lastLines gives where the n last lines of the first size bytes begin, and how many lines there are, at most n.
func lastLines(f io.ReaderAt, size int64, n int) (off int64, found int, err error) {
	buf := make([]byte, blockSize)
	for end := size; end > 0; {
		from := max(0, end-int64(len(buf)))
		b := buf[:end-from]
		if k, err := f.ReadAt(b, from); k < len(b) {
			return 0, found, err
		}
		for {
			i := bytes.LastIndexByte(b, '\n')
			if i < 0 {
				break
			}
			b = b[:i]
			at := from + int64(i) + 1
			if at == size {
				continue // the newline of the last line
			}
			if found++; found == n {
				return at, found, nil
			}
		}
		end = from
	}
	if size > 0 {
		found++
	}
	return 0, found, nil
}

// lastLinesStream does the same for what can only be read from its beginning.
func lastLinesStream(r io.Reader, n int) (off int64, found int, err error) {
	var starts []int64 // of the last lines: a ring
	lines, at, open := 0, int64(0), false
	buf := make([]byte, blockSize)
	begin := func(off int64) {
		if len(starts) < n {
			starts = append(starts, off)
		} else {
			starts[lines%n] = off
		}
		lines++
		open = true
	}
	for err == nil {
		var k int
		k, err = r.Read(buf)
		for b := buf[:k]; len(b) > 0; {
			if !open {
				begin(at)
			}
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				at += int64(len(b))
				break
			}
			open = false
			at += int64(i) + 1
			b = b[i+1:]
		}
	}
	if err == io.EOF {
		err = nil
	}
	if found = min(lines, n); found > 0 {
		off = starts[(lines-found)%n]
	}
	return off, found, err
}

// Tail gives the last lines of a program's log in dir, at most maxLines and about maxBytes together. rotated is how many rotated files
// there are.
func Tail(dir, program string, rotated, maxLines, maxBytes int) []string {
	var lines []string
	size := 0
	var before Line
	emit := func(l Line) error {
		text := string(l.Text[max(0, len(l.Text)-maxBytes):])
		if len(lines) > 0 && goesOn(&before, &l) {
			whole := lines[len(lines)-1]
			lines, size = lines[:len(lines)-1], size-len(whole)
			text = whole + text
			text = text[max(0, len(text)-maxBytes):]
		}
		before = l
		lines = append(lines, text)
		size += len(text)
		for size > maxBytes || len(lines) > maxLines {
			size -= len(lines[0])
			lines = lines[1:]
		}
		return nil
	}
	if maxLines > 0 && !tailOfCurrent(dir, program, rotated, maxLines, emit) {
		Read(context.Background(), dir, Query{Programs: []string{program}, Last: maxLines}, emit)
	}
	return lines
}

// tailOfCurrent reads the current file alone; false where rotated ones are needed too. It saves listing the folder, which for a
// program in a crash loop would be most of the work.
func tailOfCurrent(dir, program string, rotated, n int, emit func(Line) error) bool {
	t := &programReader{dir: dir, program: program, warn: func(error) {}}
	f, err := safefile.Open(t.path())
	if err != nil {
		return false
	}
	defer t.close()
	t.current = f
	st, err := f.Stat()
	if err != nil {
		return false
	}
	t.limit = st.Size()
	off, found, err := lastLines(f, t.limit, n)
	if err != nil || found < n && rotated > 0 {
		return false
	}
	t.skip = off
	r := reader{ctx: context.Background(), emit: emit, programs: []*programReader{t}}
	_, err = r.merge()
	return err == nil
}
