package access

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/readers"
)

// The tags of an access list's entries (linux/posix_acl.h), in the order in which the kernel wants them.
const (
	aclOwner      = 0x01
	aclUser       = 0x02
	aclOwnerGroup = 0x04
	aclGroup      = 0x08
	aclMask       = 0x10
	aclOther      = 0x20

	aclVersion = 2
	aclNobody  = 0xffffffff // the id of entries that need none

	aclName = "system.posix_acl_access"
)

// OpenToReaders lets the readers through an open folder of this process' own, in which they see nothing, and lets them write to the socket
// of this name in it, which connecting takes. Others than the owner and the readers get nothing. An empty set closes the folder; a socket
// that isn't there isn't missed. The folder may be open by O_PATH alone.
//
// These are access lists (acl(5)), which all file systems have that Linux puts under /run and /var. Where there are none, the error says so.
func OpenToReaders(folder int, socket string, s readers.Set) error {
	if err := setReaders(folder, unix.S_IFDIR, s, 0o7, 0o1); err != nil {
		return fmt.Errorf("letting readers into the folder: %w", err)
	}
	fd, err := unix.Openat(folder, socket, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	} else if err != nil {
		return &os.PathError{Op: "open", Path: socket, Err: err}
	}
	defer unix.Close(fd)
	if err := setReaders(fd, unix.S_IFSOCK, s, 0o6, 0o6); err != nil {
		return fmt.Errorf("letting readers open %s: %w", socket, err)
	}
	return nil
}

// setReaders gives an open file its access list: own for the owner, theirs for the readers. It must be of this kind, and our own.
func setReaders(fd int, kind uint32, s readers.Set, own, theirs uint16) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != kind || st.Uid != uint32(unix.Geteuid()) {
		return errors.New("it is something else, or somebody else's")
	}
	path := "/proc/self/fd/" + strconv.Itoa(fd) // what was opened, by a call that knows O_PATH
	if s.Empty() {
		if err := unix.Removexattr(path, aclName); err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.EOPNOTSUPP) {
			return err
		}
		return unix.Chmod(path, uint32(own)<<6)
	}
	err := unix.Setxattr(path, aclName, readersList(s, own, theirs), 0)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return errors.New("its file system has no access lists")
	}
	return err
}

// readersList is an access list as the kernel takes it (linux/posix_acl_xattr.h).
func readersList(s readers.Set, own, theirs uint16) []byte {
	list := binary.LittleEndian.AppendUint32(nil, aclVersion)
	add := func(tag, rights uint16, id uint32) {
		list = binary.LittleEndian.AppendUint16(list, tag)
		list = binary.LittleEndian.AppendUint16(list, rights)
		list = binary.LittleEndian.AppendUint32(list, id)
	}
	add(aclOwner, own, aclNobody)
	for _, uid := range s.UIDs {
		add(aclUser, theirs, uid)
	}
	add(aclOwnerGroup, 0, aclNobody)
	for _, gid := range s.GIDs {
		add(aclGroup, theirs, gid)
	}
	add(aclMask, theirs, aclNobody)
	add(aclOther, 0, aclNobody)
	return list
}
