package reserve

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func descriptors(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
		if uint64(fd)+uint64(n) < limit.Cur {
			return nil
		}
		err = unix.EMFILE
	}
	return fmt.Errorf("%w: daruma may have %d, and keeps the last %d for itself; raise the limit (ulimit -n, LimitNOFILE=)", err, limit.Cur, n)
}
