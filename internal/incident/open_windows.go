package incident

import (
	"os"

	"golang.org/x/sys/windows"
)

// openToRead opens a file of the record. An administrator reads it in a folder where the service's account decides what a name
// means: links aren't followed, and a pipe gives whoever is at its other end no chance to act in the reader's name.
func openToRead(path string) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	const careful = windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_ANONYMOUS
	h, err := windows.CreateFile(name, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, careful, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return ordinary(os.NewFile(uintptr(h), path), nil)
}
