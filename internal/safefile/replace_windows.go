package safefile

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// How long a file is waited for that somebody holds without FILE_SHARE_DELETE: a virus scanner that looks at what was written, an
// indexer, a program that reads.
const (
	heldTimeout = time.Second
	heldStep    = 10 * time.Millisecond
)

// rename returns when the new name is on the disk (MOVEFILE_WRITE_THROUGH).
func rename(from, to string) error {
	for end := time.Now().Add(heldTimeout); ; time.Sleep(heldStep) {
		err := move(from, to, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
		held := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED) && !isFolder(to)
		if !held || time.Now().After(end) {
			return err
		}
	}
}

func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func move(from, to string, flags uint32) error {
	a, err := windows.UTF16PtrFromString(from)
	if err == nil {
		var b *uint16
		if b, err = windows.UTF16PtrFromString(to); err == nil {
			err = windows.MoveFileEx(a, b, flags)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// privateAccess is full access for the file's owner, SYSTEM and the administrators, nobody else, and nothing inherited.
const privateAccess = "D:P(A;;FA;;;OW)(A;;FA;;;SY)(A;;FA;;;BA)"

func createPrivate(path string) (*os.File, error) {
	descriptor, err := windows.SecurityDescriptorFromString(privateAccess)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: descriptor}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	return create(path, windows.GENERIC_WRITE, windows.FILE_SHARE_READ, &attributes, windows.CREATE_NEW)
}

// RenameNew renames a file and never replaces what has the new name: that is an error of kind fs.ErrExist. It doesn't wait.
func RenameNew(from, to string) error { return move(from, to, 0) }

// SyncFolder does nothing: NTFS journals names, and a folder can't be flushed without special rights.
func SyncFolder(string) error { return nil }
