package poll

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// calls are the functions of kernel32 that golang.org/x/sys/windows leaves out. They are looked up at their first use.
var calls = struct{ registerWait, unregisterWait *windows.LazyProc }{
	registerWait:   windows.NewLazySystemDLL("kernel32.dll").NewProc("RegisterWaitForSingleObject"),
	unregisterWait: windows.NewLazySystemDLL("kernel32.dll").NewProc("UnregisterWaitEx"),
}

// registerWait has callback called once, from a thread of Windows' pool, when the object is signalled.
func registerWait(object windows.Handle, callback, context uintptr) (wait windows.Handle, err error) {
	const onceInWaitThread = 0x8 | 0x4 // WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD: no second thread has to wake up
	ok, _, e := calls.registerWait.Call(uintptr(unsafe.Pointer(&wait)), uintptr(object), callback, context, windows.INFINITE, onceInWaitThread)
	if ok == 0 {
		return 0, e
	}
	return wait, nil
}

// unregisterWait ends a wait. It doesn't wait for a callback that is running: that may still come after it.
func unregisterWait(wait windows.Handle) {
	calls.unregisterWait.Call(uintptr(wait), 0)
}
