package logread

import (
	"fmt"
	"io"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// Position is a place in a program's log that stays the same when the file is rotated and compressed.
type Position struct {
	Seq    uint64 `json:"file"`           // the number that the file has, or will have when it is rotated; 0: before everything
	Born   int64  `json:"born,omitempty"` // microseconds since 1970, when the file's first byte came; 0: not known
	Offset int64  `json:"offset"`         // in the file, not compressed
}

// places tells where lines are, also those that begin in one file and end in the next.
type places struct {
	seq  uint64 // of the file that is read
	born int64
	line int64 // offset of the last line; negative: in the file before

	before       Position // of the first byte that was pending when this file was begun,
	beforeOffset int64    // and its offset by the reckoning of lines: negative, or 0 where nothing was
}

// next notes that another file is begun. What lines holds is from the one before.
func (p *places) next(seq uint64, lines *lineReader) {
	p.before = p.at(lines.off)
	p.beforeOffset = -int64(lines.end - lines.start)
	p.seq, p.born = seq, 0
}

// at gives the position that an offset of lineReader means.
func (p *places) at(off int64) Position {
	if off >= 0 {
		return Position{p.seq, p.born, off}
	}
	at := p.before
	at.Offset += off - p.beforeOffset
	return at
}

// birth says when the first byte of the file that is read came; 0: it isn't known.
func (t *programReader) birth() int64 {
	if t.times.Known() {
		return t.times.Born()
	}
	var head io.ReaderAt
	if t.readsCurrent {
		head = t.current
	}
	return t.birthByHead(t.segment, head)
}

// birthOf is birth of a file that isn't read yet: a rotated one, or, with current, that one.
func (t *programReader) birthOf(r logfile.Rotated, current io.ReaderAt) int64 {
	path := t.path()
	if current == nil {
		path = t.rotatedPath(r)
	}
	var times logfile.IndexReader
	defer times.Close()
	if times.Swap(path + logfile.IndexExt); times.Known() {
		return times.Born()
	}
	return t.birthByHead(r, current)
}

// birthByHead takes the time from the first line of a log whose lines have one.
func (t *programReader) birthByHead(r logfile.Rotated, current io.ReaderAt) int64 {
	var head [128]byte
	n := 0
	if current != nil {
		n, _ = current.ReadAt(head[:], 0)
	} else if src, err := openSegment(t.dir, t.program, r); err == nil {
		n, _ = io.ReadFull(src, head[:])
		src.Close()
	}
	if at, ok := jsonline.Time(head[:n]); ok {
		return at.UnixMicro()
	}
	return 0
}

// seekPosition makes the program reader begin there. Where its file is gone or another one, what is left is read from its beginning.
func (t *programReader) seekPosition(p Position) {
	if p.Seq == 0 {
		return
	}
	if t.current != nil && p.Seq == t.seq && t.isFile(p, logfile.Rotated{}, t.current) {
		t.segments, t.skip = nil, p.Offset
		return
	}
	if t.current == nil && p == (Position{Seq: t.seq}) { // of a file that hasn't come yet, as [End] gives it
		t.segments = nil
		return
	}
	for i, r := range t.segments {
		if r.Seq == p.Seq && t.isFile(p, r, nil) {
			t.segments, t.skip = t.segments[i:], p.Offset
			return
		}
	}
	first := t.seq
	if len(t.segments) > 0 {
		first = t.segments[0].Seq
	}
	if first > p.Seq {
		t.warn(fmt.Errorf("output of %s was deleted before it was read: the rest of file %d, and %d files after it", t.program, p.Seq, first-p.Seq-1))
		return
	}
	t.warn(fmt.Errorf("the log of %s isn't the one that was read until %s: it is read from its beginning", t.program, bornText(p)))
}

func bornText(p Position) string {
	if p.Born == 0 {
		return fmt.Sprintf("file %d", p.Seq)
	}
	return fmt.Sprintf("file %d of %s", p.Seq, time.UnixMicro(p.Born).UTC().Format(time.RFC3339))
}

// isFile tells whether the file with the number of p is the one that p is in: the numbers begin anew where somebody empties the folder.
func (t *programReader) isFile(p Position, r logfile.Rotated, current io.ReaderAt) bool {
	born := t.birthOf(r, current)
	return p.Born == 0 || born == 0 || born == p.Born || current != nil && !t.hasItsName()
}
