// Command winfirst is the program of the benchmark's Windows case: it tells the clock of its first instruction and its pid to a
// mailslot, and stands still. It imports as little as a Go program can, so that what is measured is its starter.
//
//	winfirst MAILSLOT
package main

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

func main() {
	var at int64
	kernel := syscall.NewLazyDLL("kernel32.dll")
	kernel.NewProc("QueryPerformanceCounter").Call(uintptr(unsafe.Pointer(&at)))
	f, err := os.OpenFile(os.Args[1], os.O_WRONLY, 0)
	if err != nil {
		os.Exit(3)
	}
	if _, err := f.WriteString(strconv.FormatInt(at, 10) + " " + strconv.Itoa(os.Getpid())); err != nil {
		os.Exit(4)
	}
	kernel.NewProc("Sleep").Call(0xFFFFFFFF) // INFINITE
}
