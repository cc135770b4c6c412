package keeper

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// socketFile is the file of a socket that the keeper has bound. The folder may belong to a stranger, who puts anything he likes in the place of
// the file, and another folder in the place of the folder: so the folder is held open, and only the very file is removed.
type socketFile struct {
	folder   int // open
	name     string
	dev, ino uint64
}

// bindFile binds a socket in the file system. It replaces the file of a socket that nobody listens on any more, never that of one in use,
// and no other file.
func bindFile(path string) (*os.File, *socketFile, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	folder, err := safefile.OpenFolder(filepath.Dir(path))
	if err != nil {
		return nil, nil, err
	}
	made := &socketFile{folder: folder, name: filepath.Base(path)}
	file, err := made.bind(path)
	if err != nil {
		unix.Close(folder)
		return nil, nil, err
	}
	return file, made, nil
}

func (s *socketFile) bind(path string) (*os.File, error) {
	if err := s.clear(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	u := l.(*net.UnixListener)
	u.SetUnlinkOnClose(false)
	defer u.Close()
	var st unix.Stat_t
	if err := s.stat(&st); err != nil || int(st.Uid) != os.Geteuid() { // the path led somewhere else in that moment
		return nil, fmt.Errorf("%s was changed while the socket was made: %w", path, errors.Join(err, os.ErrPermission))
	}
	s.dev, s.ino = st.Dev, st.Ino
	return u.File()
}

// clear removes the file of a socket that nobody listens on any more.
func (s *socketFile) clear(path string) error {
	var st unix.Stat_t
	err := s.stat(&st)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	// Only this error says that nobody listens: a full queue (EAGAIN) or another type of socket (EPROTOTYPE) means that somebody is there.
	if c, err := net.Dial("unix", path); !errors.Is(err, unix.ECONNREFUSED) {
		if err == nil {
			c.Close()
		}
		return fmt.Errorf("%s is in use by another process", path)
	}
	s.dev, s.ino = st.Dev, st.Ino
	if err := s.unlink(); err != nil {
		return fmt.Errorf("removing the file of a former socket: %s: %w", path, err)
	}
	return nil
}

var errNoSocket = errors.New("exists and is no socket")

func (s *socketFile) stat(st *unix.Stat_t) error {
	if err := unix.Fstatat(s.folder, s.name, st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return errNoSocket
	}
	return nil
}

// unlink removes the file if it is still the one that was seen.
func (s *socketFile) unlink() error {
	var st unix.Stat_t
	if err := s.stat(&st); err != nil || st.Dev != s.dev || st.Ino != s.ino {
		return err
	}
	return unix.Unlinkat(s.folder, s.name, 0)
}

// remove removes the file of a socket that is about to be closed. What isn't it stays.
func (s *socketFile) remove() {
	_ = s.unlink()
	unix.Close(s.folder)
}
