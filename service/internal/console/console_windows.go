// Package console gives a program the events of its console (Windows).
package console

import "golang.org/x/sys/windows"

// Watch calls handler for each event of the console (CTRL_…_EVENT), on a thread of its own, until the function that it returns
// is called. The handler returns 1 where nobody else shall get the event. Package os/signal isn't used: it makes one signal of CTRL_SHUTDOWN_EVENT and CTRL_CLOSE_EVENT, and its
// goroutine stays.
func Watch(handler func(event uint32) uintptr) (end func()) {
	set := windows.NewLazySystemDLL("kernel32.dll").NewProc("SetConsoleCtrlHandler")
	callback := windows.NewCallback(handler)
	const add, remove = 1, 0
	_, _, _ = set.Call(callback, add) // fails for want of memory alone
	return func() { _, _, _ = set.Call(callback, remove) }
}
