package logfile

import "golang.org/x/sys/windows"

// lowerPriority makes the calling thread give way to others, in disk traffic too.
func lowerPriority() {
	const background = 0x00010000 // THREAD_MODE_BACKGROUND_BEGIN
	windows.NewLazySystemDLL("kernel32.dll").NewProc("SetThreadPriority").Call(uintptr(windows.CurrentThread()), background)
}
