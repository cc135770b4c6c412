package logfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// Current is the file that a program's output goes to now, with its index and the numbers of the rotated files before it. Its methods
// are called by one goroutine at a time.
type Current struct {
	File *os.File // open for reading and writing; nil: not open. After writing to it, add to Size
	Size int64    // bytes

	dir, program string
	settings     Settings
	compressor   *Compressor
	onNotice     func(error)

	born time.Time // of the first byte, as well as it is known
	idx  index     // of a text log

	history   []Rotated
	seq       uint64 // the number that the current file will get
	leftIndex string // an index that a kill separated from the current file

	checkedAt  time.Time // when the path was last compared with the open file; see pathCheck
	retryAt    time.Time // rotation failed: not again before
	complained bool      // that was reported
}

const (
	rotateRetry = time.Second
)

// Path is where the current file is.
func (l *Current) Path() string { return filepath.Join(l.dir, l.program+Ext) }

// NewCurrent prepares the current file of a program; nothing is opened yet. h is what a [Scan] of the folder found of it, nil: nothing.
// The files that it rotates go to z. onNotice is told of what is odd and needs no action; it may be nil.
func NewCurrent(dir, program string, settings Settings, h *History, z *Compressor, onNotice func(error)) *Current {
	l := &Current{dir: dir, program: program, settings: settings, compressor: z, onNotice: onNotice, seq: 1}
	if h != nil {
		l.adopt(h)
		z.resume(dir, program, h, settings)
	}
	return l
}

// adopt takes over what a scan of the folder found.
func (l *Current) adopt(h *History) {
	l.history = h.Files
	if n := len(h.Files); n > 0 {
		l.seq = h.Files[n-1].Seq + 1
	}
	for _, name := range h.temporaries {
		os.Remove(name) // a kill left it half done
	}
	if name, ok := h.idx[l.seq]; ok {
		l.leftIndex = filepath.Join(l.dir, name)
	}
}

// Indexed tells whether the log is text, which has an index.
func (l *Current) Indexed() bool { return l.settings.Format != JSON }

// Settings are those that hold now.
func (l *Current) Settings() Settings { return l.settings }

// Configure takes new settings over. Another format begins a new file at the next EnsureOpen.
func (l *Current) Configure(s Settings) {
	indexed := l.Indexed()
	if l.settings = s; indexed != l.Indexed() {
		l.Close() // EnsureOpen opens it again, sees the other format and rotates
	}
}

// Seq is the number that the current file will get when it is rotated.
func (l *Current) Seq() uint64 { return l.seq }

// Past are the rotated files, oldest first.
func (l *Current) Past() []Rotated { return l.history }

// Mark writes to the index that what is written next comes now and from this run. It must be called before the writing.
func (l *Current) Mark(now time.Time, generation int) { l.idx.mark(now, l.Size, generation) }

// EndRun notes in the index that the run which wrote last is over. The file keeps its bytes, so that a last line without a newline is
// ended for readers alone.
func (l *Current) EndRun(now time.Time) {
	if l.File != nil && l.Indexed() && !l.EndsLine() {
		l.idx.end(now, l.Size)
	}
}

// RetryRotation makes rotating due again.
func (l *Current) RetryRotation() { l.retryAt = time.Time{} }

// EnsureOpen has the current file open: it is opened the first time, and again when someone removed or replaced it.
func (l *Current) EnsureOpen(now time.Time) error {
	if l.File != nil {
		switch size, replaced := l.look(now); {
		case replaced:
			l.Close()
		case size < l.Size:
			return l.begunAnew(now, size)
		default:
			return nil
		}
	}
	if err := os.MkdirAll(l.dir, 0o750); err != nil {
		return err
	}
	f, err := openFile(l.Path(), os.O_CREATE)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.File, l.Size, l.born, l.checkedAt = f, st.Size(), now, now
	if l.Size > 0 {
		l.born = st.ModTime()
	}
	return l.openIndex(now)
}

// openIndex finds or makes the index, and rotates a file of the other format away.
func (l *Current) openIndex(now time.Time) error {
	path := l.Path() + IndexExt
	if l.leftIndex != "" {
		if l.Size > 0 {
			safefile.RenameNew(l.leftIndex, path) // fails where there is one already: fine
		}
		l.leftIndex = ""
	}
	if l.Size > 0 {
		wasJSON := jsonline.FileIsOurs(l.File)
		if _, err := os.Lstat(path); err == nil {
			wasJSON = false
		}
		if wasJSON == l.Indexed() {
			return l.Rotate(now)
		}
	}
	l.idx.close()
	if !l.Indexed() {
		return nil
	}
	l.idx = index{}
	if err := l.idx.open(path, l.Size); err != nil {
		l.Report(fmt.Errorf("times of the lines aren't kept: %w", err))
	} else if !l.idx.first.IsZero() {
		l.born = l.idx.first
	}
	return nil
}

// look gives the size of the open file, and tells whether it isn't the one at its path any more. Its links and its size are looked at
// each time: whoever cuts it off at its beginning, as logrotate's copytruncate does, would get a hole there from what is written next.
func (l *Current) look(now time.Time) (size int64, replaced bool) {
	links, size, err := stateOf(l.File)
	if err != nil {
		return l.Size, false
	}
	if links == 0 {
		return size, true
	}
	if d := now.Sub(l.checkedAt); d >= 0 && d < pathCheck {
		return size, false
	}
	l.checkedAt = now
	return size, moved(l.File, l.Path())
}

// begunAnew goes on in a file that somebody has cut off, and has its index begin anew.
func (l *Current) begunAnew(now time.Time, size int64) error {
	l.Report(fmt.Errorf("somebody cut off %s, from %d to %d bytes; daruma rotates it itself", l.Path(), l.Size, size))
	l.idx.close()
	l.Size, l.born = size, now
	return l.openIndex(now)
}

// EndsLine tells whether the file is empty or ends with a newline.
func (l *Current) EndsLine() bool {
	if l.Size == 0 {
		return true
	}
	var last [1]byte
	_, err := l.File.ReadAt(last[:], l.Size-1)
	return err == nil && last[0] == '\n'
}

// CutTornLine cuts off a last line that has no end: whoever wrote it was killed in the middle, on a full disk for example.
func (l *Current) CutTornLine() error {
	const piece = 4 << 10
	var buf [piece]byte
	for !l.EndsLine() {
		from := max(0, l.Size-piece)
		n, err := l.File.ReadAt(buf[:l.Size-from], from)
		if err != nil && n == 0 {
			return err
		}
		keep := from + int64(bytes.LastIndexByte(buf[:n], '\n')) + 1
		if err := l.File.Truncate(keep); err != nil {
			return err
		}
		l.Size = keep
	}
	return nil
}

// Aged tells whether the file has reached its age and may be rotated.
func (l *Current) Aged(now time.Time) bool {
	return l.settings.MaxAge > 0 && l.Size > 0 && now.Sub(l.born) >= l.settings.MaxAge && l.MayRotate(now)
}

// MayRotate tells whether rotating isn't put off.
func (l *Current) MayRotate(now time.Time) bool { return !now.Before(l.retryAt) }

// Rotate gives the current file its number and begins a new one. The new one is opened first, so that a lack of
// descriptors leaves everything as it is; that is no error: writing goes on in the old file, and it is tried again.
//
// A kill between the steps leaves no current file (it is made anew), or one without its index (it is given back).
func (l *Current) Rotate(now time.Time) error {
	if err := l.beginNew(now); err != nil {
		l.PostponeRotation(err)
		return nil
	}
	l.complained = false
	l.history = l.compressor.retire(l.dir, l.program, l.history, l.settings)
	return nil
}

// PostponeRotation leaves the file growing for a while.
func (l *Current) PostponeRotation(err error) {
	l.retryAt = time.Now().Add(rotateRetry)
	if !l.complained {
		l.complained = true
		l.Report(fmt.Errorf("%s can't be rotated and grows until it can: %w", l.Path(), err))
	}
}

func (l *Current) beginNew(now time.Time) error {
	fresh := l.Path() + tmpExt
	os.Remove(fresh)
	f, err := openFile(fresh, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	r := Rotated{Seq: l.seq, Stamp: now.UTC().Format(stampLayout)}
	to := filepath.Join(l.dir, r.Name(l.program))
	idxPath := l.Path() + IndexExt
	back := func(err error) error {
		safefile.RenameNew(to+IndexExt, idxPath)
		f.Close()
		os.Remove(fresh)
		return err
	}
	if err := safefile.RenameNew(idxPath, to+IndexExt); err != nil && !os.IsNotExist(err) {
		return back(err)
	}
	if err := safefile.RenameNew(l.Path(), to); err != nil {
		if os.IsExist(err) {
			l.seq++ // a stranger's file has the name
		}
		return back(err)
	}
	l.history = append(l.history, r)
	l.seq++
	l.Close()
	l.File, l.Size, l.born, l.checkedAt = f, 0, now, now
	if err := os.Rename(fresh, l.Path()); err != nil {
		l.Close() // the next ensure makes the current file
		return nil
	}
	if l.Indexed() {
		l.idx = index{}
		if err := l.idx.open(idxPath, 0); err != nil {
			l.Report(fmt.Errorf("times of the lines aren't kept: %w", err))
		}
	}
	return nil
}

// Report gives the error to whoever wants to know of what is odd.
func (l *Current) Report(err error) {
	if l.onNotice != nil {
		l.onNotice(err)
	}
}

// Close closes the file.
func (l *Current) Close() {
	if l.File != nil {
		l.File.Close()
		l.File = nil
	}
	l.idx.close()
}
