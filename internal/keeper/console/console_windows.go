package console

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// Role is the first argument of the process that sends a stop signal.
const Role = "console-signal"

// The signals that it sends, its second argument. The third is a pid, for Close the value of an inherited handle of a job.
const (
	CtrlC = "c"     // Ctrl+C to all processes of the pid's console
	Break = "break" // Ctrl+Break to the same
	Close = "close" // WM_CLOSE to the windows of the job's processes
)

// Exit codes of the role.
const (
	sent      = 0
	noConsole = 3 // the program has no console, or has ended
	noWindow  = 4 // no process of the job has a window
	failed    = 5
	ownEnd    = 0xC000013A // STATUS_CONTROL_C_EXIT: it was ended by the very signal it sent, so that was sent
)

// Sent says whether the role's exit code means that somebody got the signal.
func Sent(code uint32) bool { return code == sent || code == ownEnd }

// Nobody says whether the role's exit code means that there is nobody who could get the signal: no console, or no window. It is false of
// a signal that was sent, and of one that couldn't be for another reason.
func Nobody(code uint32) bool { return code == noConsole || code == noWindow }

// Main is the life of the process: daruma console-signal SIGNAL TARGET. It gives its exit code.
func Main(args []string) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "daruma: "+Role+" is a role of daruma's own processes; use: daruma stop NAME")
		return 2
	}
	n, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return failed
	}
	if args[0] == Close && n != 0 { // IsProcessInJob takes no job for any job
		return closeWindows(windows.Handle(n))
	}
	event, known := map[string]uint32{CtrlC: windows.CTRL_C_EVENT, Break: windows.CTRL_BREAK_EVENT}[args[0]]
	if !known || !isPID(n) {
		return failed
	}
	return sendConsole(uint32(n), event)
}

// isPID refuses what AttachConsole takes for something else: ATTACH_PARENT_PROCESS, our keeper's own console, and what would be
// cut to 32 bits.
func isPID(n uint64) bool { return n > 0 && n < math.MaxUint32 }

// sendConsole sends an event to all processes of the console that pid has.
func sendConsole(pid, event uint32) int {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	kernel.NewProc("FreeConsole").Call()
	if ok, _, _ := kernel.NewProc("AttachConsole").Call(uintptr(pid)); ok == 0 {
		return noConsole
	}
	// It comes to us as well. Only now, and not through Go's own handler: attaching to a console forgets the handlers there
	// were (kernelbase's InitializeCtrlHandling).
	kernel.NewProc("SetConsoleCtrlHandler").Call(windows.NewCallback(func(uintptr) uintptr { return 1 }), 1)
	// Zero: all of the console. Ctrl+C can't be aimed at one process group.
	if err := windows.GenerateConsoleCtrlEvent(event, 0); err != nil {
		return failed
	}
	return sent
}

// closeWindows posts WM_CLOSE to the visible and hidden top-level windows of the job's processes.
func closeWindows(job windows.Handle) int {
	user := windows.NewLazySystemDLL("user32.dll")
	post := user.NewProc("PostMessageW")
	const wmClose = 0x10
	found := 0
	each := windows.NewCallback(func(window windows.HWND, _ uintptr) uintptr {
		var pid uint32
		if _, err := windows.GetWindowThreadProcessId(window, &pid); err != nil {
			return 1
		}
		h, err := windows.OpenProcess(windows.PROCESS_QUERY_INFORMATION, false, pid) // for IsProcessInJob Wine wants this right, Windows is content with the limited one
		if err != nil {
			return 1
		}
		defer windows.CloseHandle(h)
		if tree.InJob(h, job) {
			found++
			post.Call(uintptr(window), wmClose, 0, 0)
		}
		return 1
	})
	if err := windows.EnumWindows(each, unsafe.Pointer(nil)); err != nil && found == 0 {
		return noWindow // no desktop either
	}
	if found == 0 {
		return noWindow
	}
	return sent
}
