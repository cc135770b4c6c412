package main

import (
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// slot is the mailslot in which the instances of one peer's program tell of themselves.
type slot struct {
	name   string
	handle windows.Handle
}

// start is the first instruction of an instance, by the performance counter.
type start struct {
	at  int64
	pid int
}

// patience is how long an instance may take to come, in milliseconds.
const patience = 20_000

func newSlot(name string) (*slot, error) {
	s := &slot{name: `\\.\mailslot\daruma-bench-` + name}
	text, err := windows.UTF16PtrFromString(s.name)
	if err != nil {
		return nil, err
	}
	h, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("CreateMailslotW").Call(uintptr(unsafe.Pointer(text)), 0, patience, 0)
	if s.handle = windows.Handle(h); s.handle == windows.InvalidHandle {
		return nil, fmt.Errorf("CreateMailslot: %w", err)
	}
	return s, nil
}

func (s *slot) next() (one start, err error) {
	buf := make([]byte, 64)
	var n uint32
	if err := windows.ReadFile(s.handle, buf, &n, nil); err != nil {
		return one, fmt.Errorf("no instance came within %d s: %w", patience/1000, err)
	}
	_, err = fmt.Sscan(string(buf[:n]), &one.at, &one.pid)
	return one, err
}

func counter(proc string) (n int64) {
	windows.NewLazySystemDLL("kernel32.dll").NewProc(proc).Call(uintptr(unsafe.Pointer(&n)))
	return n
}

func clock() int64       { return counter("QueryPerformanceCounter") }
func frequency() float64 { return float64(counter("QueryPerformanceFrequency")) }

// loop is the floor under every supervisor: CreateProcess, wait, again; with a console for each instance or without.
func loop(slot string, console bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	program := filepath.Join(filepath.Dir(self), "winfirst.exe")
	for {
		if err := once(program, slot, console); err != nil {
			return err
		}
	}
}

func once(program, slot string, console bool) error {
	app, err := windows.UTF16PtrFromString(program)
	if err != nil {
		return err
	}
	line, err := windows.UTF16FromString(windows.ComposeCommandLine([]string{program, slot}))
	if err != nil {
		return err
	}
	var si windows.StartupInfo
	si.Cb = uint32(unsafe.Sizeof(si))
	flags := uint32(0)
	if console {
		flags = windows.CREATE_NO_WINDOW
	}
	var pi windows.ProcessInformation
	if err := windows.CreateProcess(app, &line[0], nil, nil, false, flags, nil, nil, &si, &pi); err != nil {
		return err
	}
	windows.CloseHandle(pi.Thread)
	defer windows.CloseHandle(pi.Process)
	_, err = windows.WaitForSingleObject(pi.Process, windows.INFINITE)
	return err
}
