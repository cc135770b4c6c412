package logfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Own is the name of daruma's own log: no program can have it. Package logread reads it by name, and doesn't list it.
const Own = "daruma"

// Writer is a log that this process writes itself, rotated like a program's. Its methods may be called from any goroutine.
type Writer struct {
	mu     sync.Mutex
	file   *Current
	zip    *Compressor
	closed bool
}

// NewWriter opens a log that this process writes itself, rotated like a program's; path must end in ".log". Each Write
// should be one whole line or more: files end with one. Write doesn't keep its bytes in memory: it fails where the disk does.
func NewWriter(path string, settings Settings) (*Writer, error) {
	dir, name := filepath.Split(path)
	program, ok := strings.CutSuffix(name, Ext)
	if !ok || settings.Format == JSON {
		return nil, fmt.Errorf("%s: want a name that ends in %s, and text", path, Ext)
	}
	dir = filepath.Clean(dir)
	found, err := Scan(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{zip: NewCompressor()}
	w.file = NewCurrent(dir, program, settings, found[program], w.zip, nil)
	if err := w.file.EnsureOpen(time.Now()); err != nil {
		w.zip.Close()
		return nil, err
	}
	if err := w.file.CutTornLine(); err != nil {
		w.file.Close()
		w.zip.Close()
		return nil, err
	}
	return w, nil
}

// Write appends b. What of it fits on a full disk is taken back, so that no line is torn.
func (w *Writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, os.ErrClosed
	}
	if len(b) == 0 {
		return 0, nil
	}
	l, now := w.file, time.Now()
	if err := l.EnsureOpen(now); err != nil {
		return 0, err
	}
	limit := l.settings.MaxSize
	if limit > 0 && l.Size > 0 && l.Size+int64(len(b)) > limit && l.MayRotate(now) || l.Aged(now) {
		if err := l.Rotate(now); err != nil {
			return 0, err
		}
		if err := l.EnsureOpen(now); err != nil {
			return 0, err
		}
	}
	l.Mark(now, 0)
	n, err := l.File.WriteAt(b, l.Size)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, l.File.Truncate(l.Size))
		}
		return 0, err
	}
	l.Size += int64(n)
	return n, nil
}

// Close closes the file and breaks compression off; the next NewWriter goes on with it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return os.ErrClosed
	}
	w.closed = true
	w.file.Close()
	w.zip.Close()
	return nil
}
