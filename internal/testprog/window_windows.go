package main

import (
	"flag"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	wmDestroy = 0x2
	wmClose   = 0x10
)

// window makes a window that is never shown and ends on WM_CLOSE, with a last line. It is deaf to Ctrl+C in any case.
func window(f *flag.FlagSet, args []string) (int, error) {
	deaf := f.Bool("deaf", false, "WM_CLOSE is ignored too")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	ignoreSignals()
	runtime.LockOSThread() // a window's messages come to the thread that made it
	user := windows.NewLazySystemDLL("user32.dll")
	other := user.NewProc("DefWindowProcW")
	name, err := windows.UTF16PtrFromString("daruma-testprog")
	if err != nil {
		return 0, err
	}
	procedure := windows.NewCallback(func(w, message, wparam, lparam uintptr) uintptr {
		switch {
		case message == wmClose && *deaf:
			return 0
		case message == wmClose:
			os.Stdout.WriteString("closed by WM_CLOSE") // without a newline
			user.NewProc("DestroyWindow").Call(w)
			return 0
		case message == wmDestroy:
			user.NewProc("PostQuitMessage").Call(0)
			return 0
		}
		result, _, _ := other.Call(w, message, wparam, lparam)
		return result
	})
	class := struct { // WNDCLASSEXW
		size, style                        uint32
		procedure                          uintptr
		classExtra, windowExtra            int32
		instance, icon, cursor, background uintptr
		menu, name                         *uint16
		smallIcon                          uintptr
	}{procedure: procedure, name: name}
	class.size = uint32(unsafe.Sizeof(class))
	if atom, _, err := user.NewProc("RegisterClassExW").Call(uintptr(unsafe.Pointer(&class))); atom == 0 {
		return 0, err
	}
	handle, _, err := user.NewProc("CreateWindowExW").Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(name)),
		0, 0, 0, 100, 100, 0, 0, 0, 0)
	if handle == 0 {
		return 0, err
	}
	say("ready", os.Getpid())
	var message struct { // MSG
		window  uintptr
		message uint32
		_       [5]uintptr
	}
	for {
		got, _, err := user.NewProc("GetMessageW").Call(uintptr(unsafe.Pointer(&message)), 0, 0, 0)
		if int32(got) <= 0 {
			if int32(got) < 0 {
				return 0, err
			}
			return 0, nil
		}
		user.NewProc("DispatchMessageW").Call(uintptr(unsafe.Pointer(&message)))
	}
}
