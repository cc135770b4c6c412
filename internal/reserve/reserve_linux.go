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
		return room(fd, n, limit.Cur)
	}
	return tooMany(err, limit.Cur, n)
}

// DescriptorsBehind is [Descriptors] for whoever has just opened a file: with its number, the lowest that was free, nothing needs to be
// opened to find out.
func DescriptorsBehind(fd, n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	return room(fd+1, n, limit.Cur)
}

// room takes the lowest number that is free.
func room(fd, n int, limit uint64) error {
	if uint64(fd)+uint64(n) < limit {
		return nil
	}
	return tooMany(unix.EMFILE, limit, n)
}

func tooMany(err error, limit uint64, n int) error {
	return fmt.Errorf("%w: daruma may have %d, and keeps the last %d for itself; raise the limit (ulimit -n, LimitNOFILE=)", err, limit, n)
}
