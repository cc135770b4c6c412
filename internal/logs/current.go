package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// currentFile is the current file of one program, its index and its history. Whoever owns it locks it.
type currentFile struct {
	dir, program string
	settings     Settings
	retire       func(dir, program string, h []rotated, s Settings) []rotated // told after each rotation
	onNotice     func(error)

	f       *os.File
	size    int64
	born    time.Time // of the first byte, as well as it is known
	idx     index
	indexed bool // text has an index

	history   []rotated
	seq       uint64 // the number the current file will get
	leftIndex string // an index that a kill separated from the current file

	checkedAt  time.Time // when the path was last compared with the open file
	retryAt    time.Time // rotation failed: not again before
	complained bool      // that was said
}

const (
	checkEvery  = time.Second
	rotateRetry = time.Second
)

func (l *currentFile) path() string { return filepath.Join(l.dir, l.program+logExt) }

// adopt takes over what a scan of the folder found.
func (l *currentFile) adopt(h *history) {
	l.seq = max(l.seq, 1)
	if h == nil {
		return
	}
	l.history = h.files
	if n := len(h.files); n > 0 {
		l.seq = max(l.seq, h.files[n-1].seq+1)
	}
	for _, name := range h.temporaries {
		os.Remove(name) // a kill left it half done
	}
	if name, ok := h.idx[l.seq]; ok {
		l.leftIndex = filepath.Join(l.dir, name)
	}
}

// ensure has the current file open: it is opened the first time, and again when someone removed or replaced it.
func (l *currentFile) ensure(now time.Time) error {
	if l.f != nil {
		if !l.replaced(now) {
			return nil
		}
		l.close()
	}
	if err := os.MkdirAll(l.dir, 0o750); err != nil {
		return err
	}
	f, err := openLog(l.path(), os.O_CREATE)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.f, l.size, l.born, l.checkedAt = f, st.Size(), now, now
	if l.size > 0 {
		l.born = st.ModTime()
	}
	return l.openIndex(now)
}

// openIndex finds or makes the index, and rotates a file of the other format away.
func (l *currentFile) openIndex(now time.Time) error {
	path := l.path() + idxExt
	if l.leftIndex != "" {
		if l.size > 0 {
			safefile.RenameNew(l.leftIndex, path) // fails where there is one already: fine
		}
		l.leftIndex = ""
	}
	if l.size > 0 {
		wasJSON := looksJSON(l.f)
		if _, err := os.Lstat(path); err == nil {
			wasJSON = false
		}
		if wasJSON == l.indexed {
			return l.rotate(now)
		}
	}
	l.idx.close()
	if !l.indexed {
		return nil
	}
	l.idx = index{}
	if err := l.idx.open(path, l.size); err != nil {
		l.report(fmt.Errorf("times of the lines aren't kept: %w", err))
	} else if !l.idx.first.IsZero() {
		l.born = l.idx.first
	}
	return nil
}

// replaced tells whether the open file isn't the one at its path any more. The count of links is looked at each time,
// the path once a second.
func (l *currentFile) replaced(now time.Time) bool {
	if unlinked(l.f) {
		return true
	}
	if d := now.Sub(l.checkedAt); d >= 0 && d < checkEvery {
		return false
	}
	l.checkedAt = now
	at, err := os.Lstat(l.path())
	if err != nil {
		return os.IsNotExist(err)
	}
	have, err := l.f.Stat()
	return err == nil && !os.SameFile(at, have)
}

// endsLine tells whether the file is empty or ends with a newline.
func (l *currentFile) endsLine() bool {
	if l.size == 0 {
		return true
	}
	var last [1]byte
	_, err := l.f.ReadAt(last[:], l.size-1)
	return err == nil && last[0] == '\n'
}

// old tells whether the file has reached its age and may be rotated.
func (l *currentFile) aged(now time.Time) bool {
	return l.settings.MaxAge > 0 && l.size > 0 && now.Sub(l.born) >= l.settings.MaxAge && l.mayRotate(now)
}

func (l *currentFile) mayRotate(now time.Time) bool { return !now.Before(l.retryAt) }

// rotate gives the current file its number and begins a new one. The new one is opened first, so that a lack of
// descriptors leaves everything as it is; that is no error: writing goes on in the old file, and it is tried again.
//
// A kill between the steps leaves no current file (it is made anew), or one without its index (it is given back).
func (l *currentFile) rotate(now time.Time) error {
	if err := l.beginNew(now); err != nil {
		l.postponeRotation(err)
		return nil
	}
	l.complained = false
	if l.retire != nil {
		l.history = l.retire(l.dir, l.program, l.history, l.settings)
	}
	return nil
}

// postponeRotation leaves the file growing for a while.
func (l *currentFile) postponeRotation(err error) {
	l.retryAt = time.Now().Add(rotateRetry)
	if !l.complained {
		l.complained = true
		l.report(fmt.Errorf("%s can't be rotated, it grows: %w", l.path(), err))
	}
}

func (l *currentFile) beginNew(now time.Time) error {
	fresh := l.path() + tmpExt
	os.Remove(fresh)
	f, err := openLog(fresh, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	r := rotated{seq: l.seq, stamp: now.UTC().Format(stampLayout)}
	to := filepath.Join(l.dir, r.file(l.program))
	idxPath := l.path() + idxExt
	back := func(err error) error {
		safefile.RenameNew(to+idxExt, idxPath)
		f.Close()
		os.Remove(fresh)
		return err
	}
	if err := safefile.RenameNew(idxPath, to+idxExt); err != nil && !os.IsNotExist(err) {
		return back(err)
	}
	if err := safefile.RenameNew(l.path(), to); err != nil {
		if os.IsExist(err) {
			l.seq++ // a stranger's file has the name
		}
		return back(err)
	}
	l.history = append(l.history, r)
	l.seq++
	l.close()
	l.f, l.size, l.born, l.checkedAt = f, 0, now, now
	if err := os.Rename(fresh, l.path()); err != nil {
		l.close() // the next ensure makes the current file
		return nil
	}
	if l.indexed {
		l.idx = index{}
		if err := l.idx.open(idxPath, 0); err != nil {
			l.report(fmt.Errorf("times of the lines aren't kept: %w", err))
		}
	}
	return nil
}

func (l *currentFile) report(err error) {
	if l.onNotice != nil {
		l.onNotice(err)
	}
}

func (l *currentFile) close() {
	if l.f != nil {
		l.f.Close()
		l.f = nil
	}
	l.idx.close()
}
