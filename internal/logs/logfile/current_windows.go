package logfile

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// pathCheck is how often the path is compared with the open file: to open it takes Windows far longer than Linux.
const pathCheck = time.Second

// stateOf gives how many names lead to the file, and its size.
func stateOf(f *os.File) (links uint64, size int64, err error) {
	var info windows.ByHandleFileInformation
	err = windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info)
	return uint64(info.NumberOfLinks), int64(info.FileSizeHigh)<<32 | int64(info.FileSizeLow), err
}

// moved tells whether another file, or none, is at the path.
func moved(f *os.File, path string) bool {
	at, err := os.Lstat(path)
	if err != nil {
		return os.IsNotExist(err)
	}
	have, err := f.Stat()
	return err == nil && !os.SameFile(at, have)
}
