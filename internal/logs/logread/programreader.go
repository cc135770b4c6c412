package logread

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/charset"
	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// programReader reads one program's files one after the other.
type programReader struct {
	dir, program string
	follow, raw  bool
	whole        bool // where it follows: the beginning of a line waits for its end, however long that takes
	warn         func(error)

	segments []logfile.Rotated // still to be read before the current file
	skip     int64             // bytes of the first of them (or of the current file) that aren't wanted
	current  *os.File          // the file that was current when reading began, or when the last one was rotated
	seq      uint64            // the number that it has or will have
	limit    int64             // where not following: its size when reading began

	src          io.ReadCloser   // what is read now
	segment      logfile.Rotated // that is it, unless readsCurrent
	readsCurrent bool            // that is current
	lines        lineReader
	reads        int // lines.reads when the index was last refreshed
	times        logfile.IndexReader
	decoder      *charset.Decoder // nil: the lines are given as they are
	json         bool
	empty        bool // nothing of src was read yet
	rotated      bool // current isn't current any more

	inLine    bool // the last line emitted was a part of one
	begun     int  // lines so far, of which
	skipLines int  // so many aren't wanted

	places places // where the lines are

	head            Line
	full            bool      // head is a line
	unfinishedSince time.Time // since when the last line has had no newline
}

// begin finds out which files there are and where to begin.
func (t *programReader) begin(q Query) error {
	found := false
	for tries := 0; !found && tries < 10; tries++ { // a flood may rotate meanwhile
		var err error
		if found, err = t.openAndList(); err != nil {
			return err
		}
	}
	if !found { // what was current is compressed by now, and one of the segments
		t.close()
	}
	if !q.Since.IsZero() {
		for len(t.segments) > 0 && t.segments[0].At().Add(time.Second).Before(q.Since) {
			t.segments = t.segments[1:]
		}
	}
	if q.Last != 0 {
		return t.seekLastLines(q.Last)
	}
	return nil
}

// openAndList opens the current file and lists the rotated ones before it; false where that changed meanwhile.
func (t *programReader) openAndList() (bool, error) {
	t.close()
	f, err := safefile.Open(t.path())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	h, err := t.listWithoutGaps()
	if err != nil {
		return false, err
	}
	t.current, t.segments, t.seq = f, h.Files, 1
	if n := len(h.Files); n > 0 {
		t.seq = h.Files[n-1].Seq + 1
	}
	if f == nil {
		return true, nil
	}
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	t.limit = st.Size()
	if isAt(t.path(), st) {
		return true, nil
	}
	for i, r := range h.Files { // rotated since it was opened: what came after it is for follow
		if isAt(t.rotatedPath(r), st) {
			t.segments, t.seq = h.Files[:i], r.Seq
			return true, nil
		}
	}
	return false, nil
}

func (t *programReader) path() string { return filepath.Join(t.dir, t.program+logfile.Ext) }

func (t *programReader) rotatedPath(r logfile.Rotated) string {
	return filepath.Join(t.dir, r.Name(t.program))
}

// fill makes head the next line that is wanted; false where there is none now.
func (t *programReader) fill() (bool, error) {
	for !t.full {
		before := t.head
		if ok, err := t.fillAny(); !ok || err != nil {
			return ok, err
		}
		if t.begun == 0 || !goesOn(&before, &t.head) {
			t.begun++
		}
		t.full = t.begun > t.skipLines
	}
	return true, nil
}

// fillAny makes head the next line; false where there is none now.
func (t *programReader) fillAny() (bool, error) {
	for !t.full {
		if t.src == nil {
			if ok, err := t.advance(); !ok {
				if err == nil && !t.follow {
					t.flush() // of several runs that all ended within a line
				}
				return t.full, err
			}
		}
		if t.endOfRun() {
			break
		}
		text, off, ended, err := t.lines.next()
		switch {
		case err == nil:
			t.unfinishedSince = time.Time{}
			t.takeCut(text, off, ended)
		case err == io.EOF:
			if ok, err := t.atEnd(); !ok || err != nil {
				return t.full, err
			}
		default: // a damaged file: what was readable was read
			t.warn(fmt.Errorf("%s: %w", t.program, err))
			t.finish()
		}
	}
	return true, nil
}

// take makes the bytes head.
func (t *programReader) take(text []byte, off int64, part bool) {
	if t.empty {
		t.empty = false
		t.times.Open() // it may have been made a moment after its log
		t.json = !t.times.Known() && jsonline.IsOurs(text)
		t.places.born = t.birth()
		t.setDecoder()
	}
	t.full, t.inLine = true, part
	if t.json && !part {
		if o, ok := jsonline.Decode(text); ok {
			t.head = Line{Program: t.program, Generation: o.Generation, Stream: o.Stream, Time: o.Time, Text: o.Text, Raw: text, Partial: o.Partial, RunEnded: o.RunEnded}
			if o.Encoded { // else the message is UTF-8, of whatever time it is
				t.head.Text = t.decoder.Decode(o.Text)
			}
			return
		}
	}
	t.head = Line{Program: t.program, Text: t.decoder.Decode(text), Partial: part}
	t.head.Time, t.head.Generation = t.times.At(off)
}

// setDecoder looks up in which encoding the program writes, at the beginning of each file: it may have been set meanwhile.
func (t *programReader) setDecoder() {
	t.decoder = nil
	if t.raw {
		return
	}
	var err error
	if t.decoder, err = charset.New(logfile.Encoding(t.dir, t.program)); err != nil {
		t.warn(fmt.Errorf("%s: its output is shown as it is: %w", t.program, err))
	}
}

// takeCut takes a line, up to where a run ended within it: what follows is another run's, and given back.
func (t *programReader) takeCut(text []byte, off int64, ended bool) {
	if t.empty {
		t.times.Open()
	}
	if t.reads != t.lines.reads { // the index of what was read by then was written before
		t.reads = t.lines.reads
		t.times.Refresh()
	}
	end, ok := t.times.Cut(off, off+int64(len(text)))
	t.places.line = off
	if !ok {
		t.take(text, off, !ended)
		return
	}
	t.lines.giveBack(len(text)-int(end-off), ended)
	t.take(text[:end-off], off, true)
	t.head.RunEnded, t.inLine = true, false
}

// endOfRun makes the end of a run head where its line was emitted already; false where the line goes on.
func (t *programReader) endOfRun() bool {
	at := t.lines.off
	if !t.inLine || t.json {
		return false
	}
	t.times.Refresh()
	if _, ok := t.times.Cut(at-1, at); !ok {
		return false
	}
	t.head.Text, t.head.Raw, t.head.RunEnded = nil, nil, true
	t.full, t.inLine = true, false
	return true
}

// atEnd decides what the end of src means; false: there is nothing more now.
func (t *programReader) atEnd() (bool, error) {
	if t.lines.pending() { // before another file's index is looked at
		t.times.Refresh()
		if _, ok := t.times.Cut(t.lines.off, t.lines.position()); ok {
			t.flush()
			return true, nil
		}
	}
	if !t.readsCurrent {
		t.finish()
		return true, nil
	}
	if !t.follow {
		t.finish()
		t.flush()
		return t.full, nil
	}
	at, err := os.Lstat(t.path())
	if err == nil {
		st, err := t.current.Stat()
		if err != nil {
			return false, err
		}
		if os.SameFile(at, st) {
			if st.Size() < t.lines.position() { // somebody cut it off: what is written now begins at its beginning
				return true, t.restart()
			}
			return t.takeUnfinished(), nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	if t.rotated { // read to its end after it was seen to be rotated: that was all of it
		return t.nextCurrent()
	}
	t.rotated = true
	return true, nil
}

// restart reads the current file from its beginning, with the index that was begun with it.
func (t *programReader) restart() error {
	t.flush()
	if _, err := t.current.Seek(0, io.SeekStart); err != nil {
		return err
	}
	t.lines.reset(t.current, 0)
	t.empty = true
	t.times.Swap(t.path() + logfile.IndexExt)
	return nil
}

// takeUnfinished makes the beginning of a line head, if its newline hasn't come for a while.
func (t *programReader) takeUnfinished() bool {
	if !t.lines.pending() {
		return false
	}
	now := time.Now()
	if t.unfinishedSince.IsZero() {
		t.unfinishedSince = now
	}
	if t.json || t.whole || now.Sub(t.unfinishedSince) < partialAfter {
		return false
	}
	t.flush()
	return t.full
}

// unfinished tells whether there is a line whose newline hasn't come.
func (t *programReader) unfinished() bool { return !t.unfinishedSince.IsZero() }

// flush makes what is left without a newline head.
func (t *programReader) flush() {
	if text, off := t.lines.rest(); len(text) > 0 {
		t.unfinishedSince = time.Time{}
		t.takeCut(text, off, false)
	}
}

// open begins to read a file at t.skip. A line that the last file left unfinished goes on in it.
func (t *programReader) open(r io.Reader, src io.ReadCloser, idx string, recent bool, seq uint64) {
	t.src, t.readsCurrent, t.empty = src, recent, true
	t.times.Swap(idx)
	t.places.next(seq, &t.lines)
	if t.skip > 0 {
		t.lines.reset(r, t.skip)
		t.skip = 0
		return
	}
	t.lines.swap(r)
}

// finish closes what was read to its end.
func (t *programReader) finish() {
	if t.src != nil && !t.readsCurrent {
		t.src.Close()
	}
	t.src = nil
}

func (t *programReader) close() {
	t.finish()
	if t.current != nil {
		t.current.Close()
		t.current = nil
	}
	t.times.Close()
}
