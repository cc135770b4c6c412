package logfile

import (
	"os"

	"golang.org/x/sys/windows"
)

// unlinked tells whether no name leads to the file any more.
func unlinked(f *os.File) bool {
	var info windows.ByHandleFileInformation
	return windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info) == nil && info.NumberOfLinks == 0
}
