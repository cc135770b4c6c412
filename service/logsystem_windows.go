package service

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

func isTerminal(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}

// enableColours has the console obey escape sequences: Windows 10 1511 can, when it is told to.
// Source: learn.microsoft.com, "Console Virtual Terminal Sequences".
func enableColours(f *os.File) bool {
	var mode uint32
	handle := windows.Handle(f.Fd())
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// isJournal: there is none.
func isJournal(*os.File) bool { return false }

// ownStream gives f itself: Windows has no SIGPIPE, and os.File translates what it writes to a console.
func ownStream(f *os.File) (*os.File, error) { return f, nil }

// openAppend shares the file for deletion, which os.OpenFile doesn't: nobody could rename it otherwise.
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

// goesWhenClosed reports whether f was removed and keeps its name until its last handle is closed, as before Windows 10 1809 and
// on file systems without POSIX semantics: nothing new can be made in its place. Source: learn.microsoft.com,
// FILE_STANDARD_INFO.DeletePending.
func goesWhenClosed(f *os.File) bool {
	var info struct { // FILE_STANDARD_INFO
		allocated, size int64
		links           uint32
		pending, folder byte
	}
	err := windows.GetFileInformationByHandleEx(windows.Handle(f.Fd()), windows.FileStandardInfo,
		(*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err == nil && info.pending != 0
}
