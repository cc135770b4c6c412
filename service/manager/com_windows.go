package manager

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// com is a COM object: a pointer to a pointer to a table of functions, the first three of which are IUnknown's.
type com struct{ table *[32]uintptr }

const comRelease = 2

// hresult is an error of COM.
type hresult uint32

func (h hresult) Error() string {
	if h&0xFFFF0000 == 0x80070000 { // FACILITY_WIN32
		return fmt.Sprintf("error 0x%08X: %v", uint32(h), syscall.Errno(h&0xFFFF))
	}
	return fmt.Sprintf("error 0x%08X", uint32(h))
}

// Is finds the Windows error that an HRESULT stands for.
func (h hresult) Is(target error) bool {
	number, ok := target.(syscall.Errno)
	return ok && h&0xFFFF0000 == 0x80070000 && syscall.Errno(h&0xFFFF) == number
}

// call calls a method by its place in the table. Arguments are pointers or integers of up to 8 bytes; a VARIANT, which has 24, is
// passed as a pointer to a copy by the calling conventions of amd64 and arm64 (not by that of x86).
//
//go:uintptrescapes
func (c *com) call(method int, arguments ...uintptr) error {
	result, _, _ := syscall.SyscallN(c.table[method], append([]uintptr{uintptr(unsafe.Pointer(c))}, arguments...)...)
	if int32(result) < 0 {
		return hresult(result)
	}
	return nil
}

func (c *com) release() {
	if c != nil {
		_ = c.call(comRelease) // answers the number of references left
	}
}

// variant is a VARIANT; its zero value is VT_EMPTY.
type variant struct {
	kind     uint16
	reserved [3]uint16
	value    [2]uint64
}

// bstr is a text that COM owns: the address of its first character, in memory that the garbage collector doesn't know.
type bstr uintptr

func newBstr(s string) (bstr, error) {
	text, err := windows.UTF16FromString(s)
	if err != nil {
		return 0, err
	}
	proc := windows.NewLazySystemDLL("oleaut32.dll").NewProc("SysAllocStringLen")
	b, _, _ := proc.Call(uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)-1))
	if b == 0 {
		return 0, windows.ERROR_OUTOFMEMORY
	}
	return bstr(b), nil
}

func (b *bstr) String() string { return windows.UTF16PtrToString(*(**uint16)(unsafe.Pointer(b))) }

func (b bstr) free() {
	_, _, _ = windows.NewLazySystemDLL("oleaut32.dll").NewProc("SysFreeString").Call(uintptr(b))
}

// withCOM runs f in a thread that has COM (a multithreaded apartment: nothing has to pump messages).
func withCOM(f func() error) error {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return fmt.Errorf("%w: a 32-bit daruma can't speak to the Task Scheduler; use the 64-bit one", ErrUnsupported)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED)
	const alreadyDone = syscall.Errno(1) // S_FALSE
	if err != nil && err != alreadyDone {
		return fmt.Errorf("CoInitializeEx: %w", err)
	}
	defer windows.CoUninitialize()
	return f()
}

// newObject is CoCreateInstance for a class in a DLL.
func newObject(class, iface windows.GUID) (*com, error) {
	const inProcess = 1 // CLSCTX_INPROC_SERVER
	var object *com
	result, _, _ := windows.NewLazySystemDLL("ole32.dll").NewProc("CoCreateInstance").Call(
		uintptr(unsafe.Pointer(&class)), 0, inProcess, uintptr(unsafe.Pointer(&iface)), uintptr(unsafe.Pointer(&object)))
	if int32(result) < 0 {
		return nil, hresult(result)
	}
	return object, nil
}
