package logread

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// The files of a program are rotated while they are read: the current one gets its number, its index with it, and another takes its
// name. What was opened as current is therefore compared with what has that name.

// advance opens what comes next; false: nothing.
func (t *programReader) advance() (bool, error) {
	for len(t.segments) > 0 {
		r := t.segments[0]
		t.segments = t.segments[1:]
		path := t.rotatedPath(r)
		t.segment = r
		src, err := openSegment(t.dir, t.program, r)
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) || t.follow {
				t.warn(fmt.Errorf("output of %s is missing: %w", t.program, err))
			}
			t.skip = 0
			continue
		}
		if f, plain := src.(*os.File); plain && t.skip == 0 {
			t.skip = frontHole(f)
		}
		if n, err := io.CopyN(io.Discard, src, t.skip); err != nil {
			t.warn(fmt.Errorf("%s: %w", path, err))
			t.skip = n
		}
		t.open(src, src, path+logfile.IndexExt, false, r.Seq)
		return true, nil
	}
	if t.readsCurrent && !t.follow {
		return false, nil
	}
	if t.current == nil {
		if !t.follow {
			return false, nil
		}
		f, err := safefile.Open(t.path())
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return false, nil
			}
			return false, err
		}
		if newer, err := t.newer(t.seq - 1); err != nil || len(newer) > 0 { // rotated files come before it
			f.Close()
			if len(newer) > 0 {
				t.segments, t.seq = newer, newer[len(newer)-1].Seq+1
				return t.advance()
			}
			return false, err
		}
		t.current = f
	}
	if err := t.startCurrent(); err != nil {
		return false, err
	}
	return true, nil
}

// startCurrent begins to read the current file, as far as it is wanted.
func (t *programReader) startCurrent() error {
	if t.skip == 0 {
		t.skip = frontHole(t.current)
	}
	if _, err := t.current.Seek(t.skip, io.SeekStart); err != nil {
		return err
	}
	var r io.Reader = t.current
	if !t.follow {
		r = io.LimitReader(t.current, t.limit-t.skip)
	}
	t.open(r, io.NopCloser(nil), t.path()+logfile.IndexExt, true, t.seq)
	if !t.hasItsName() { // rotated meanwhile, and its index with it
		if newer, err := t.newer(t.seq - 1); err == nil && len(newer) > 0 && newer[0].Seq == t.seq {
			t.times.Swap(t.rotatedPath(newer[0]) + logfile.IndexExt)
		}
	}
	return nil
}

// nextCurrent goes on from a current file that was rotated to the next one.
func (t *programReader) nextCurrent() (bool, error) {
	st, err := t.current.Stat()
	if err != nil {
		return false, err
	}
	own := t.seq
	h, err := t.list()
	if err != nil {
		return false, err
	}
	for i := len(h.Files) - 1; i >= 0; i-- {
		if isAt(t.rotatedPath(h.Files[i]), st) {
			own = h.Files[i].Seq
			break
		}
	}
	newer, err := t.newer(own)
	if err != nil {
		return false, err
	}
	t.current.Close()
	t.current, t.src, t.readsCurrent, t.rotated = nil, nil, false, false
	t.segments, t.seq = newer, own+1
	if n := len(newer); n > 0 {
		t.seq = newer[n-1].Seq + 1
	}
	return true, nil
}

// hasItsName is false where the file that was opened as the current one is rotated by now: the index beside the name is then another file's.
func (t *programReader) hasItsName() bool {
	st, err := t.current.Stat()
	return err == nil && isAt(t.path(), st)
}

// isAt tells whether the file at the path is that one.
func isAt(path string, file os.FileInfo) bool {
	at, err := os.Lstat(path)
	return err == nil && os.SameFile(at, file)
}
