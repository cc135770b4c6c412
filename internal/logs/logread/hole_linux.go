package logread

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// frontHole gives how long the hole at the beginning of a file is. Whoever cuts off a log at the moment in which it is written to, as
// logrotate's copytruncate does, leaves one as long as the log was. NULs that a program wrote are no hole (lseek(2), SEEK_DATA);
// those between the hole's last whole page and the first byte can't be told from it. The file is read from its beginning afterwards.
func frontHole(f *os.File) int64 {
	const page = 64 << 10 // the largest of any system
	data, err := f.Seek(0, unix.SEEK_DATA)
	if _, back := f.Seek(0, io.SeekStart); err != nil || back != nil || data == 0 {
		return 0
	}
	buf := make([]byte, page)
	n, _ := f.ReadAt(buf, data)
	for i, b := range buf[:n] {
		if b != 0 {
			return data + int64(i)
		}
	}
	return data
}
