package log

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// isJournal: Windows has no journal.
func isJournal(*os.File) bool { return false }

// openAppend shares the file for deletion, which os.OpenFile doesn't: without that nobody could rename it.
func openAppend(path string, _ os.FileMode) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	handle, err := windows.CreateFile(name, windows.FILE_APPEND_DATA|windows.FILE_READ_ATTRIBUTES|windows.SYNCHRONIZE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil, windows.OPEN_ALWAYS,
		windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// deletePending reports whether f was removed but keeps its name until its last handle is closed. That is so before Windows 10
// 1809 and on file systems without POSIX semantics. Until then no file can be created under that name.
// Source: learn.microsoft.com, FILE_STANDARD_INFO.DeletePending.
func deletePending(f *os.File) bool {
	var info struct { // FILE_STANDARD_INFO
		allocated, size int64
		links           uint32
		pending, folder byte
	}
	err := windows.GetFileInformationByHandleEx(windows.Handle(f.Fd()), windows.FileStandardInfo,
		(*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err == nil && info.pending != 0
}
