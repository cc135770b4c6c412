package cli

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// privateAccess: full access for the file's owner, SYSTEM and administrators, nobody else, and nothing from the folder.
const privateAccess = "D:P(A;;FA;;;OW)(A;;FA;;;SY)(A;;FA;;;BA)"

// createPrivate makes a new file that this user, SYSTEM and administrators may read; one that exists is an error. Go's modes
// don't do: on Windows a file has the access list of its folder, which elsewhere than in one's profile lets everybody read.
func createPrivate(path string) (*os.File, error) {
	descriptor, err := windows.SecurityDescriptorFromString(privateAccess)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: descriptor}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	handle, err := windows.CreateFile(name, windows.GENERIC_WRITE, windows.FILE_SHARE_READ, &attributes, windows.CREATE_NEW,
		windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}
