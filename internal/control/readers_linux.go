package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/readers"
)

// listenForReaders opens the socket with mode 0600: the keeper opens it to readers.
func listenForReaders(path string, _ readers.Set) (net.Listener, error) { return listen(path) }

// admitReader refuses who isn't in the set: the access lists of folder and socket do so already. Root and the service's own account may read
// what they may control.
func admitReader(conn net.Conn, set readers.Set) error {
	cred, groups, err := peerOf(conn)
	if err != nil {
		return err
	}
	if cred.Uid == 0 || cred.Uid == uint32(os.Geteuid()) || set.Has(cred.Uid, groups...) {
		return nil
	}
	return fmt.Errorf("you are user %d, who is none of the service's readers", cred.Uid)
}

// maxGroups is NGROUPS_MAX (limits.h).
const maxGroups = 65536

// peerGroups gives the supplementary groups of who connected (SO_PEERGROUPS, Linux 4.13; before, none).
func peerGroups(fd uintptr) ([]uint32, error) {
	list := make([]uint32, 64)
	for {
		size := uint32(len(list) * 4)
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&list[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return list[:size/4], nil
		case errno == unix.ERANGE && len(list) < maxGroups: // size says what it takes
			list = make([]uint32, min(max(int(size/4), 2*len(list)), maxGroups))
		case errors.Is(errno, unix.ENOPROTOOPT):
			return nil, nil
		default:
			return nil, errno
		}
	}
}
