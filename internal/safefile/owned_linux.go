package safefile

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many links of a path are followed, as the kernel does (path_resolution(7)).
const maxLinks = 40

// noOwner says that the owner of the file isn't bound by a link on the way.
const noOwner = -1

// ownedPath is a path on the way to its file. It is followed by hand, folder by folder, because the kernel doesn't say whose links it
// has followed, and what was looked at by name may be another file when it is opened.
type ownedPath struct {
	path   string
	owners []int
	folder int      // open
	rest   []string // the names to come
	links  int
	bound  int // the user in whose hands the rest of the way is, or noOwner
}

func newOwnedPath(path string, owners []int) (*ownedPath, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("isn't an absolute path")}
	}
	w := &ownedPath{path: path, owners: owners, folder: -1, rest: strings.Split(path, "/"), bound: noOwner}
	return w, w.enter(unix.AT_FDCWD, "/")
}

// OpenFolder opens a folder for openat(2), unlinkat(2) and the like (O_PATH), over no link but root's and those of the caller's own user: a
// stranger who owns a folder on the way can't have the path lead somewhere else. The caller closes it. Linux only.
func OpenFolder(path string) (fd int, err error) {
	w, err := newOwnedPath(path, nil)
	if err != nil {
		return -1, err
	}
	defer w.close()
	for {
		name, _ := w.next()
		if name == "" {
			fd, w.folder = w.folder, -1
			return fd, nil
		}
		linked, err := w.follow(name)
		if err == nil && !linked {
			err = w.enter(w.folder, name)
		}
		if err != nil {
			return -1, err
		}
	}
}

func openOwned(path string, owners []int) (*os.File, error) {
	w, err := newOwnedPath(path, owners)
	if err != nil {
		return nil, err
	}
	defer w.close()
	for {
		name, last := w.next()
		if name == "" {
			return nil, refused(path, namesNone) // it ends with a folder
		}
		linked, err := w.follow(name)
		switch {
		case err != nil:
			return nil, err
		case linked:
		case last:
			return w.open(name)
		default:
			if err := w.enter(w.folder, name); err != nil {
				return nil, err
			}
		}
	}
}

// next takes the next name off the rest; "" at the end. last says that nothing follows it.
func (w *ownedPath) next() (name string, last bool) {
	for len(w.rest) > 0 && (w.rest[0] == "" || w.rest[0] == ".") {
		w.rest = w.rest[1:]
	}
	if len(w.rest) == 0 {
		return "", true
	}
	name, w.rest = w.rest[0], w.rest[1:]
	return name, len(w.rest) == 0 // "name/" is a folder
}

// enter makes the folder name of folder at the present one.
func (w *ownedPath) enter(at int, name string) error {
	fd, err := unix.Openat(at, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return w.failed(err)
	}
	w.close()
	w.folder = fd
	return nil
}

// follow puts what a link names in front of the rest; it says whether there was a link.
func (w *ownedPath) follow(name string) (bool, error) {
	var st unix.Stat_t
	fd, err := unix.Openat(w.folder, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, w.failed(err)
	}
	defer unix.Close(fd)
	if err := unix.Fstat(fd, &st); err != nil {
		return false, w.failed(err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return false, nil
	}
	if owner := int(st.Uid); owner != 0 && owner != os.Geteuid() {
		if !slices.Contains(w.owners, owner) || w.bound != noOwner && w.bound != owner {
			return false, refused(w.path, fmt.Sprintf("leads over a link of user %d (%s), who could have it lead anywhere; name the file itself", owner, name))
		}
		w.bound = owner
	}
	if w.links++; w.links > maxLinks {
		return false, w.failed(unix.ELOOP)
	}
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(fd, "", buf[:])
	if err != nil {
		return false, w.failed(err)
	}
	target := string(buf[:n])
	w.rest = append(strings.Split(target, "/"), w.rest...)
	if strings.HasPrefix(target, "/") {
		return true, w.enter(unix.AT_FDCWD, "/")
	}
	return true, nil
}

// open opens the file and checks what was opened. O_NONBLOCK also keeps open from waiting for the holder of a lease.
func (w *ownedPath) open(name string) (*os.File, error) {
	fd, err := unix.Openat(w.folder, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	switch err {
	case nil:
	case unix.ELOOP:
		return nil, refused(w.path, isLink) // since a moment ago
	case unix.ENXIO:
		return nil, refused(w.path, namesNone)
	case unix.EAGAIN:
		return nil, refused(w.path, "can't be opened at once: somebody holds a lease on it (F_SETLEASE in fcntl(2); who: /proc/locks)")
	default:
		return nil, w.failed(err)
	}
	f := os.NewFile(uintptr(fd), w.path)
	if err := w.check(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (w *ownedPath) check(f *os.File) error {
	var st, folder unix.Stat_t
	if err := errors.Join(unix.Fstat(int(f.Fd()), &st), unix.Fstat(w.folder, &folder)); err != nil {
		return w.failed(err)
	}
	owner, own := int(st.Uid), os.Geteuid()
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return refused(w.path, namesNone)
	case w.bound != noOwner && owner != w.bound:
		return refused(w.path, fmt.Sprintf("is reached over a link of user %d and belongs to user %d; name the file itself", w.bound, owner))
	case owner != 0 && owner != own && !slices.Contains(w.owners, owner):
		return refused(w.path, fmt.Sprintf("belongs to user %d, who is neither root nor %s; give it to one of them (chown)", owner, w.allowed()))
	case st.Nlink > 1 && !(folder.Uid == 0 || int(folder.Uid) == own) || st.Nlink > 1 && folder.Mode&0o022 != 0:
		return refused(w.path, "has more than one hard link, in a folder that others may write to; copy the file instead")
	}
	return nil
}

// allowed names the users to whom the file may belong.
func (w *ownedPath) allowed() string {
	text := fmt.Sprintf("daruma's own (%d)", os.Geteuid())
	for _, owner := range w.owners {
		if owner != 0 && owner != os.Geteuid() {
			text += fmt.Sprintf(" nor the program's (%d)", owner)
		}
	}
	return text
}

func (w *ownedPath) failed(err error) error { return &os.PathError{Op: "open", Path: w.path, Err: err} }

func (w *ownedPath) close() {
	if w.folder >= 0 {
		unix.Close(w.folder)
		w.folder = -1
	}
}
