package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// spoolMode is that of spools and of the records beside them.
const spoolMode = 0o640

const (
	maxPart    = 256 << 10 // bytes of a line in one JSON object; longer ones go on in the next
	spoolChunk = largePipe // bytes of one splice
	spoolKeep  = 1 << 20   // a spool that is encoded is cut when it has reached this
)

// spool is the file into which the raw bytes of one stream go before they are encoded. Its size says what was taken
// from the pipe; the commit record says up to where it is encoded.
type spool struct {
	f       *os.File
	path    string
	size    int64
	done    int64 // encoded and committed
	scanned int64 // from done to here there is no newline
	freed   int64 // given back to the file system
	head    []byte
}

func spoolPath(dir, program string, generation int, stream string) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%d.%s.spool", program, generation, stream))
}

// openSpool opens the copier's spool: a predecessor's, where there is one, at the place that the commit record names.
func (c *Copier) openSpool() error {
	if c.spool != nil {
		return nil
	}
	k := c.sink
	if streamNumber(c.stream) == 0 {
		return fmt.Errorf("%q is no stream; want stdout or stderr", c.stream)
	}
	dir := k.store.opts.SpoolDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := spoolPath(dir, k.name, c.generation, c.stream)
	f, err := safefile.OpenFile(path, os.O_RDWR|os.O_CREATE, spoolMode)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	s := &spool{f: f, path: path, size: st.Size()}
	s.done = k.commits.record.done(c.generation, c.stream)
	if s.done > s.size { // killed after the spool was cut and before that was committed
		s.done = 0
	}
	s.scanned = s.done
	s.head = jsonline.Head(k.store.opts.Service, k.name, c.generation, c.stream)
	k.commits.record.set(c.generation, c.stream, s.done)
	if err := k.commit(); err != nil { // before anything is in it: the record may know an older spool of this name
		f.Close()
		return err
	}
	c.spool = s
	return nil
}

// closeSpool closes it; with remove nothing is left in it.
func (c *Copier) closeSpool(remove bool) {
	s := c.spool
	if s == nil {
		return
	}
	c.spool = nil
	s.f.Close()
	if remove {
		os.Remove(s.path) // before the record forgets it: a spool without an entry is encoded from its beginning
		c.sink.commits.record.drop(c.generation, c.stream)
	}
}

// abandonSpool gives up what isn't encoded and says how much that is.
func (c *Copier) abandonSpool() int {
	if c.spool == nil {
		return 0
	}
	n := c.spool.size - c.spool.done
	c.spool.done = c.spool.size
	return int(n)
}

// shrink gives back what is encoded.
func (c *Copier) shrink() error {
	s := c.spool
	switch {
	case s.done == s.size && s.size >= spoolKeep:
		if err := s.f.Truncate(0); err != nil {
			return err
		}
		s.size, s.done, s.scanned, s.freed = 0, 0, 0, 0
		c.sink.commits.record.set(c.generation, c.stream, 0)
		return c.sink.commit()
	case s.done-s.freed >= spoolKeep:
		punchHole(s.f, s.freed, s.done-s.freed)
		s.freed = s.done
	}
	return nil
}

// hasLine tells whether there is something to encode: a newline, or a part of a line that is long enough.
// Only what is new is searched, so that a line that grows by single bytes isn't read again and again.
func (s *spool) hasLine(buf []byte) (bool, error) {
	if s.size-s.done >= maxPart {
		return true, nil
	}
	for s.scanned < s.size {
		n, err := s.f.ReadAt(buf[:min(int64(len(buf)), s.size-s.scanned)], s.scanned)
		if n == 0 {
			return false, err
		}
		if bytes.IndexByte(buf[:n], '\n') >= 0 {
			return true, nil
		}
		s.scanned += int64(n)
	}
	return false, nil
}
