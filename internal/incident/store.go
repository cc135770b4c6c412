package incident

import (
	"io"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// store is the file as the recorder's goroutine writes it.
type store struct {
	path   string
	f      *os.File
	good   int64 // bytes that are whole lines and fsynced
	rescan bool  // good must be found out: the file isn't the one it was
}

// append writes b behind the good part and fsyncs it. After an error it can be called again with the same:
// nothing is written twice, as what had been written in vain is cut off or written over.
func (s *store) append(b []byte) error {
	if s.f != nil && s.replaced() {
		s.close()
		s.rescan = true // someone moved or removed it: the new one gets the rest
	}
	if s.f == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	_, err := s.f.WriteAt(b, s.good)
	if err == nil {
		err = s.f.Sync()
	}
	if err != nil {
		s.close() // after a failed fsync the kernel may have dropped what it held: begin anew
		return err
	}
	s.good += int64(len(b))
	return nil
}

func (s *store) replaced() bool {
	mine, err := s.f.Stat()
	if err != nil {
		return true
	}
	there, err := os.Lstat(s.path)
	return err != nil || !os.SameFile(mine, there)
}

// open opens or creates the file and cuts off what isn't good.
func (s *store) open() error {
	f, err := safefile.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err = s.adopt(f); err != nil {
		f.Close()
		return err
	}
	s.f = f
	return nil
}

func (s *store) adopt(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if s.rescan || info.Size() < s.good {
		h := newHistory()
		if err := h.fold(io.NewSectionReader(f, 0, info.Size())); err != nil {
			return err
		}
		s.good, s.rescan = h.whole, false
	}
	if info.Size() > s.good {
		if err := f.Truncate(s.good); err != nil {
			return err
		}
	}
	if info.Size() == 0 {
		return safefile.SyncFolder(filepath.Dir(s.path)) // the name of a new file must outlive a power cut, too
	}
	return nil
}

func (s *store) close() {
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
}

// replace puts a file with another content in the file's place, atomically. write gives the content's length in bytes.
func (s *store) replace(write func(io.Writer) (int64, error)) error {
	s.close() // Windows doesn't rename onto an open file
	var size int64
	err := safefile.ReplaceFunc(s.path, 0o600, func(w io.Writer) (err error) {
		size, err = write(w)
		return err
	})
	if err == nil {
		s.good = size
	}
	return err
}
