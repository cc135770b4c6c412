package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper"
)

func mayExecute(os.FileInfo) error { return nil }

// variableKey tells variables apart: PATH and Path are one.
func variableKey(name string) string { return strings.ToUpper(name) }

// spellings are the files that a name in a command may mean: bin/server is bin/server.exe here, so that one definition
// serves both systems. Only what CreateProcess or cmd.exe can start, in PATHEXT's usual order; PATHEXT itself may name
// scripts that need a program of their own.
func spellings(name string) []string {
	known := []string{".com", ".exe", ".bat", ".cmd"}
	if slices.Contains(known, strings.ToLower(filepath.Ext(name))) {
		return []string{name}
	}
	list := make([]string, 0, len(known)+1)
	for _, ext := range known {
		list = append(list, name+ext)
	}
	return append(list, name)
}

// signalNumber says which way of asking a stopSignal means. One definition may serve both systems, so Linux' signals have
// a meaning here too: Ctrl+C, which is what most programs take for SIGTERM, but Ctrl+Break for SIGQUIT.
func signalNumber(name string) int {
	switch strings.TrimPrefix(name, "SIG") {
	case "KILL":
		return keeper.SignalKill
	case "CTRL_BREAK", "QUIT":
		return keeper.SignalBreak
	case "WM_CLOSE":
		return keeper.SignalClose
	}
	return keeper.SignalCtrlC
}

// killWord is what ends a tree that doesn't end by itself.
const killWord = "TerminateJobObject"

// endReading lets a Read of a pipe fail if it goes on for longer than that. Anonymous pipes have no deadlines; what waits
// in one can be called off.
func endReading(f *os.File, after time.Duration) {
	conn, err := f.SyscallConn()
	if err != nil {
		return // closed already: it has been read to its end
	}
	time.AfterFunc(after, func() {
		_ = conn.Control(func(h uintptr) { _ = windows.CancelIoEx(windows.Handle(h), nil) })
	})
}

func signalWord(n int) string {
	switch n {
	case keeper.SignalKill, keeper.SignalEnded:
		return killWord
	case keeper.SignalBreak:
		return "CTRL_BREAK"
	case keeper.SignalClose:
		return "WM_CLOSE"
	case keeper.SignalCtrlC:
		return "CTRL_C"
	}
	return fmt.Sprintf("signal %d", n)
}

// residentBytes is the working set of a process.
func residentBytes(pid int) int64 {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return 0
	}
	defer windows.CloseHandle(h)
	var counters struct { // PROCESS_MEMORY_COUNTERS
		size, faults  uint32
		peak, current uintptr
		_             [6]uintptr
	}
	counters.size = uint32(unsafe.Sizeof(counters))
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")
	if ok, _, _ := proc.Call(uintptr(h), uintptr(unsafe.Pointer(&counters)), uintptr(counters.size)); ok == 0 {
		return 0
	}
	return int64(counters.current)
}
