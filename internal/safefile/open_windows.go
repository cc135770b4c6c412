package safefile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// shareAll lets others read, write, rename and delete the file while it is open.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

func open(path string, flag int, _ fs.FileMode) (*os.File, error) {
	access := uint32(windows.GENERIC_READ)
	switch {
	case flag&os.O_WRONLY != 0:
		access = windows.GENERIC_WRITE
	case flag&os.O_RDWR != 0:
		access = windows.GENERIC_READ | windows.GENERIC_WRITE
	}
	disposition := uint32(windows.OPEN_EXISTING)
	switch {
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		disposition = windows.CREATE_NEW
	case flag&os.O_CREATE != 0:
		disposition = windows.OPEN_ALWAYS
	}
	return OpenSharing(path, access, shareAll, disposition)
}

// OpenSharing opens a file where the caller decides what others may do to it meanwhile: FILE_SHARE_READ, _WRITE and _DELETE. access
// is GENERIC_READ, GENERIC_WRITE or both; disposition is OPEN_EXISTING, OPEN_ALWAYS or CREATE_NEW. Somebody else's sharing that
// forbids it gives ERROR_SHARING_VIOLATION. Windows only.
func OpenSharing(path string, access, share, disposition uint32) (*os.File, error) {
	return create(path, access, share, nil, disposition)
}

func create(path string, access, share uint32, attributes *windows.SecurityAttributes, disposition uint32) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	// The link itself is opened, not what it leads to; whoever is at the other end of a pipe may not act in our name.
	const careful = windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_ANONYMOUS
	h, err := windows.CreateFile(name, access, share, attributes, disposition, windows.FILE_ATTRIBUTE_NORMAL|careful, 0)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) && isFolder(path) { // which takes FILE_FLAG_BACKUP_SEMANTICS to open
		return nil, refused(path, isNotFile)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if err := check(h, path, access&windows.GENERIC_WRITE != 0); err != nil {
		windows.CloseHandle(h)
		return nil, err
	}
	return os.NewFile(uintptr(h), path), nil
}

func openWithin(root *os.Root, name string) (*os.File, error) {
	f, err := root.Open(name) // shares all, as open does
	if err != nil {
		return nil, err
	}
	if err := check(windows.Handle(f.Fd()), f.Name(), false); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// check asks what was opened, not what has the name now.
func check(h windows.Handle, path string, write bool) error {
	if kind, err := windows.GetFileType(h); err != nil || kind != windows.FILE_TYPE_DISK {
		return errors.Join(refused(path, isNotFile), err)
	}
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	switch {
	case info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0:
		return refused(path, isLink)
	case info.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0:
		return refused(path, isNotFile)
	case write && info.NumberOfLinks > 1:
		return refused(path, isShared)
	}
	return nil
}

// checkOwn refuses, though f is only read, what would be refused for writing.
func checkOwn(f *os.File) error { return check(windows.Handle(f.Fd()), f.Name(), true) }
