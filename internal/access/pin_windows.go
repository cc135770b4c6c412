package access

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/windows"
)

// pin opens a file or folder itself, no link is followed, and keeps everybody from renaming, deleting or replacing it until the
// handle is closed (no FILE_SHARE_DELETE): what was checked is what is then changed by its name. A folder can't be made a
// junction meanwhile, either (no FILE_SHARE_WRITE). Where somebody has it open for one of these, the error is a sharing violation.
// Source: https://learn.microsoft.com/windows/win32/fileio/creating-and-opening-files
func pin(path string, access uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	share := uint32(windows.FILE_SHARE_READ)
	if !info.IsDir() {
		share |= windows.FILE_SHARE_WRITE // a log that is being written
	}
	// Reading is asked for because a handle that neither reads nor writes takes no part in sharing.
	h, err := windows.CreateFile(name, access|windows.FILE_READ_DATA|windows.READ_CONTROL, share, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return 0, err
	}
	var now windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &now); err != nil {
		windows.CloseHandle(h)
		return 0, err
	}
	const folder, link = windows.FILE_ATTRIBUTE_DIRECTORY, windows.FILE_ATTRIBUTE_REPARSE_POINT
	if now.FileAttributes&link != 0 || now.FileAttributes&folder != 0 != info.IsDir() {
		windows.CloseHandle(h)
		return 0, errLink
	}
	return h, nil
}

// finalPath is where a path leads when all junctions, symbolic links and short names on its way are followed.
func finalPath(path string) (string, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return "", err
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return "", &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer windows.CloseHandle(h)
	return pathOf(h)
}

// pathOf is the path of an open file, without \\?\ where it is on a drive: \\server\share\… for one of the network.
func pathOf(h windows.Handle) (string, error) {
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetFinalPathNameByHandle(h, &buf[0], uint32(len(buf)), 0)
	if err != nil {
		return "", fmt.Errorf("asking where an open file is: %w", err)
	}
	if int(n) > len(buf) {
		return "", windows.ERROR_FILENAME_EXCED_RANGE
	}
	path := windows.UTF16ToString(buf[:n])
	if rest, ok := strings.CutPrefix(path, `\\?\UNC\`); ok {
		return `\\` + rest, nil
	}
	return strings.TrimPrefix(path, `\\?\`), nil
}
