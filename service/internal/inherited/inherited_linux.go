package inherited

import (
	"errors"
	"os"
	"strconv"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// files are the descriptors handed over, closed on exec from now on; their names are those of LISTEN_FDNAMES. The
// variables leave the environment. Source: sd_listen_fds(3).
func files() []*os.File {
	if n, err := strconv.Atoi(os.Getenv("LISTEN_FDS")); err != nil || n < 1 || n > maxInherited {
		for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
			_ = os.Unsetenv(name)
		}
		return nil
	}
	return activation.Files(true)
}

// maxInherited bounds LISTEN_FDS: a file is made for each, whether there is a descriptor or not.
const maxInherited = 4096

func isListening(f *os.File) bool {
	is, err := socketOption(f, unix.SO_ACCEPTCONN)
	return err == nil && is == 1
}

func isDatagram(f *os.File) bool {
	kind, err := socketOption(f, unix.SO_TYPE)
	return err == nil && kind == unix.SOCK_DGRAM
}

func socketOption(f *os.File, option int) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var value int
	var failure error
	err = raw.Control(func(fd uintptr) { value, failure = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, option) })
	return value, errors.Join(err, failure)
}
