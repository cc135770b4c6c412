package incident

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	there, err := os.Stat(s.path)
	return err != nil || !os.SameFile(mine, there)
}

// open opens or creates the file and cuts off what isn't good.
func (s *store) open() error {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
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
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no ordinary file", s.path)
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
		return syncDir(filepath.Dir(s.path)) // the name of a new file must outlive a power cut, too
	}
	return nil
}

func (s *store) close() {
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
}

// replace puts another content in the file's place, atomically.
func (s *store) replace(write func(io.Writer) (int64, error)) (err error) {
	temp := s.path + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	size, err := write(f)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		s.close() // Windows doesn't rename onto an open file
		err = os.Rename(temp, s.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	s.good = size
	return syncDir(filepath.Dir(s.path))
}
