package logs

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Own is the name of daruma's own log: no program can have it, and [Programs] doesn't list it. [Read] reads it by name.
const Own = "daruma"

// ownLog is a file that a process writes itself.
type ownLog struct {
	mu     sync.Mutex
	file   currentFile
	zip    *compressor
	closed bool
}

// NewFile opens a log that this process writes itself, rotated like a program's; path must end in ".log". Each Write
// should be one whole line or more: files end with one. Write doesn't keep its bytes in memory: it fails where the disk does.
func NewFile(path string, settings Settings) (io.WriteCloser, error) {
	dir, name := filepath.Split(path)
	program, ok := strings.CutSuffix(name, logExt)
	if !ok || settings.Format == JSON {
		return nil, fmt.Errorf("%s: want a name that ends in %s, and text", path, logExt)
	}
	dir = filepath.Clean(dir)
	found, err := scan(dir)
	if err != nil {
		return nil, err
	}
	o := &ownLog{zip: newCompressor()}
	o.file = currentFile{dir: dir, program: program, settings: settings, retire: o.zip.retire, indexed: true}
	if h := found[program]; h != nil {
		o.file.adopt(h)
		o.zip.resume(dir, program, h, settings)
	} else {
		o.file.adopt(nil)
	}
	if err := o.file.ensure(time.Now()); err != nil {
		o.zip.close()
		return nil, err
	}
	return o, nil
}

// Write appends b. What of it fits on a full disk is taken back, so that no line is torn.
func (o *ownLog) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, ErrClosed
	}
	if len(b) == 0 {
		return 0, nil
	}
	l, now := &o.file, time.Now()
	if err := l.ensure(now); err != nil {
		return 0, err
	}
	limit := l.settings.MaxSize
	if limit > 0 && l.size > 0 && l.size+int64(len(b)) > limit && l.mayRotate(now) || l.aged(now) {
		if err := l.rotate(now); err != nil {
			return 0, err
		}
		if err := l.ensure(now); err != nil {
			return 0, err
		}
	}
	l.idx.mark(now, l.size, 0)
	n, err := l.f.WriteAt(b, l.size)
	if err != nil {
		if n > 0 {
			l.f.Truncate(l.size)
		}
		return 0, err
	}
	l.size += int64(n)
	return n, nil
}

// Close closes the file and breaks compression off; the next NewFile goes on with it.
func (o *ownLog) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	o.closed = true
	o.file.close()
	o.zip.close()
	return nil
}
