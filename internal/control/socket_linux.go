package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ownedSocket is a listening socket that takes its file away when it is closed, if the file is still its own.
type ownedSocket struct {
	net.Listener
	dir      *os.File // stays open, so that Close finds the file even if the folder was renamed
	name     string
	dev, ino uint64
	once     sync.Once // http.Server closes a listener that has ended once more
}

// listen opens the unix socket at path for its owner alone.
//
// Everything happens relative to the opened folder: the path may be longer than the 108 bytes that sockaddr_un has
// (unix(7)), and nothing on the way can be swapped for a symbolic link meanwhile.
func listen(path string) (net.Listener, error) {
	dir, err := openOwnFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	l, err := listenIn(dir, filepath.Base(path), path)
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	return l, nil
}

func listenIn(dir *os.File, name, path string) (net.Listener, error) {
	// Two that start at once would both find the socket stale, and one would take the other's away.
	if err := lockFolder(dir); err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	defer func() { _ = unix.Flock(int(dir.Fd()), unix.LOCK_UN) }()
	if err := removeStale(dir, name, path); err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: procPath(dir, name)}); err != nil {
		return nil, fmt.Errorf("creating the control socket %s: %w", path, err)
	}
	var st unix.Stat_t
	// bind(2) gives the file mode 0777 less umask. It can't be connected to before listen(2), so this leaves no gap.
	if err := errors.Join(
		unix.Fchmodat(int(dir.Fd()), name, 0o600, 0),
		unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW),
		unix.Listen(fd, 1024),
	); err != nil {
		_ = unix.Unlinkat(int(dir.Fd()), name, 0)
		return nil, fmt.Errorf("opening the control socket %s: %w", path, err)
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	return &ownedSocket{Listener: l, dir: dir, name: name, dev: st.Dev, ino: st.Ino}, nil
}

// Close stops listening and removes the socket's file, unless a successor's stands there by now.
func (s *ownedSocket) Close() (err error) {
	s.once.Do(func() {
		err = s.Listener.Close()
		s.removeFile()
	})
	return err
}

func (s *ownedSocket) removeFile() {
	var st unix.Stat_t
	if lockFolder(s.dir) == nil {
		if unix.Fstatat(int(s.dir.Fd()), s.name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Dev == s.dev && st.Ino == s.ino {
			_ = unix.Unlinkat(int(s.dir.Fd()), s.name, 0)
		}
	}
	_ = s.dir.Close() // and the lock with it
}

// isThere reports whether the file at path is still that of the listener.
func isThere(l net.Listener, path string) bool {
	s, ok := l.(*ownedSocket)
	var st unix.Stat_t
	return !ok || unix.Lstat(path, &st) == nil && st.Dev == s.dev && st.Ino == s.ino
}

// openOwnFolder opens the socket's folder, created where it is missing, and makes sure that it is ours and closed to others.
func openOwnFolder(path string) (*os.File, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("creating %s: %w", path, err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s is not a folder but something else, perhaps a symbolic link: remove it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	dir := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = dir.Close()
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if st.Uid != uint32(os.Geteuid()) {
		_ = dir.Close()
		return nil, fmt.Errorf("%s belongs to user %d, and daruma runs as %d: give it to that user, or set DARUMA_HOME", path, st.Uid, os.Geteuid())
	}
	if st.Mode&0o067 != 0 { // with readers, of whom the keeper has put an access list there, the group's right to go through shows
		if err := unix.Fchmod(fd, 0o700); err != nil {
			_ = dir.Close()
			return nil, fmt.Errorf("closing %s to other users: %w", path, err)
		}
	}
	return dir, nil
}

// lockFolder takes the folder's advisory lock. It is held for microseconds, by those who open or close a socket there.
func lockFolder(dir *os.File) error {
	for end := time.Now().Add(3 * time.Second); ; {
		err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("locking %s: %w", dir.Name(), err)
		}
		if time.Now().After(end) {
			return fmt.Errorf("another process has held the lock of %s for more than 3 s; find it with fuser, and end it", dir.Name())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// removeStale takes away a socket that nobody listens on; what isn't ours to remove is an error.
func removeStale(dir *os.File, name, path string) error {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at %s: %w", path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("looking at %s: %w", path, err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
	case unix.S_IFLNK:
		return fmt.Errorf("%s is a symbolic link, which daruma doesn't follow: remove it", path)
	default:
		return fmt.Errorf("%s is not a socket: remove it", path)
	}
	held, pid, err := listens(file)
	if err != nil {
		return fmt.Errorf("finding out whether somebody listens on %s: %w", path, err)
	}
	if held {
		return &HeldError{Socket: path, PID: pid}
	}
	if err := unix.Unlinkat(int(dir.Fd()), name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("removing the stale socket %s: %w", path, err)
	}
	return nil
}

// listens says whether a process listens on the socket file, and which.
func listens(socket *os.File) (held bool, pid int, err error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false, 0, err
	}
	defer unix.Close(fd)
	switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: procPath(socket, "")}); {
	case errors.Is(err, unix.ECONNREFUSED):
		return false, 0, nil
	case errors.Is(err, unix.EAGAIN): // somebody does, and its queue is full
		return true, 0, nil
	case err != nil:
		return false, 0, err
	}
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return true, 0, nil
	}
	return true, int(cred.Pid), nil
}

// dial connects to the socket at path, whatever its length: sun_path has 108 bytes. What isn't a socket is an error, least of all a link
// is followed: the service's account could make one to the socket of another service, to which root's orders would go.
func dial(ctx context.Context, path string) (net.Conn, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, fmt.Errorf("%s isn't a socket; remove it", path)
	}
	var d net.Dialer
	address := procPath(file, "")
	for end := time.Now().Add(connectTimeout); ; {
		conn, err := d.DialContext(ctx, "unix", address)
		if !errors.Is(err, unix.EAGAIN) {
			return conn, err
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s: somebody listens there and has taken no connection for %v", path, connectTimeout)
		}
		// The server's queue is full. For unix sockets connect(2) doesn't say when there is room: try again.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// admit refuses clients of other users, root apart. The folder's mode does so already; this holds when somebody opened it.
func admit(conn net.Conn) error {
	cred, _, err := peerOf(conn)
	if err != nil {
		return err
	}
	if own := os.Geteuid(); cred.Uid != 0 && cred.Uid != uint32(own) {
		return fmt.Errorf("you are user %d; only user %d, who runs the service, and root may control it", cred.Uid, own)
	}
	return nil
}

// peerOf gives whom the kernel says a connection comes from: the account, and all its groups. Both are those of the moment in which it
// connected.
func peerOf(conn net.Conn) (cred *unix.Ucred, groups []uint32, err error) {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, nil, errors.New("not a unix socket")
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		if cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			groups, err = peerGroups(fd)
		}
	})
	if err = errors.Join(controlErr, err); err != nil {
		return nil, nil, fmt.Errorf("your user can't be found out: %w", err)
	}
	return cred, append(groups, cred.Gid), nil
}

// procPath names an open file, or one below an open folder, in a few bytes.
func procPath(f *os.File, name string) string {
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(f.Fd())), name)
}

// owner names the user whom a file belongs to.
func owner(info os.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	if st.Uid == 0 { // without reading the users' database, which can be slow
		return "root"
	}
	return "user " + strconv.Itoa(int(st.Uid))
}

// refused says whether err means that nobody listens, beyond what package syscall calls ECONNREFUSED.
func refused(error) bool { return false }
