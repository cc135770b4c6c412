package logs

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// openLog opens a regular file for reading and writing; flags are os.O_CREATE and os.O_EXCL. A symbolic link or junction
// is refused. Others may rename and delete the file while it is open (FILE_SHARE_DELETE), or it could not be rotated.
func openLog(path string, flags int) (*os.File, error) {
	mode := uint32(windows.OPEN_EXISTING)
	switch {
	case flags&os.O_EXCL != 0:
		mode = windows.CREATE_NEW
	case flags&os.O_CREATE != 0:
		mode = windows.OPEN_ALWAYS
	}
	return open(path, windows.GENERIC_READ|windows.GENERIC_WRITE, mode)
}

// openRead opens a regular file for reading, under the same rules.
func openRead(path string) (*os.File, error) {
	return open(path, windows.GENERIC_READ, windows.OPEN_EXISTING)
}

func open(path string, access, mode uint32) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	// Should the name lead to a pipe, whoever is at its other end may not act in our name: administrators read logs, too.
	const careful = windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_ANONYMOUS
	h, err := windows.CreateFile(name, access, share, nil, mode, windows.FILE_ATTRIBUTE_NORMAL|careful, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		windows.CloseHandle(h)
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if info.FileAttributes&(windows.FILE_ATTRIBUTE_REPARSE_POINT|windows.FILE_ATTRIBUTE_DIRECTORY) != 0 {
		windows.CloseHandle(h)
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("isn't a regular file; remove it")}
	}
	return os.NewFile(uintptr(h), path), nil
}

// unlinked tells whether no name leads to the file any more.
func unlinked(f *os.File) bool {
	var info windows.ByHandleFileInformation
	return windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info) == nil && info.NumberOfLinks == 0
}

// renameNew renames and never replaces what is there.
func renameNew(from, to string) error {
	a, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	b, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(a, b, 0); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncDir does nothing: NTFS journals renames, and a folder can't be flushed.
func syncDir(string) error { return nil }
