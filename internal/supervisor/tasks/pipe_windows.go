package tasks

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// endReading makes a Read of a pipe fail if it goes on for longer than that. Anonymous pipes have no deadlines on Windows, but
// a Read that waits can be cancelled.
func endReading(f *os.File, after time.Duration) {
	conn, err := f.SyscallConn()
	if err != nil {
		return // closed already: it has been read to its end
	}
	time.AfterFunc(after, func() {
		_ = conn.Control(func(h uintptr) { _ = windows.CancelIoEx(windows.Handle(h), nil) })
	})
}
