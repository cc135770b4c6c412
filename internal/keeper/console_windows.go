package keeper

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
)

// ConsoleRole is the first argument of the short-lived process that sends a stop signal.
//
// Ctrl+C goes to a whole console, and only from a process that is attached to it. The keeper can't attach to a program's
// console: it has one of its own when it runs in a terminal, and can have no two; and it would get the signal too.
const ConsoleRole = "console-signal"

// acceptCtrlC clears the flag "ignore Ctrl+C", which a process inherits and hands on.
// Source: https://learn.microsoft.com/windows/console/setconsolectrlhandler
func acceptCtrlC() {
	windows.NewLazySystemDLL("kernel32.dll").NewProc("SetConsoleCtrlHandler").Call(0, 0)
}

// Exit codes of the console role.
const (
	consoleSent    = 0
	consoleMissing = 3 // the program has no console, or has ended
	consoleNothing = 4 // the tree has no window
	consoleFailed  = 5
	consoleOwnEnd  = 0xC000013A // it ended by the very signal it sent, so that was sent
)

// ConsoleMain is the life of that process: daruma console-signal c|break PID, or close JOB, where JOB is the value of an
// inherited handle. It gives its exit code.
func ConsoleMain(args []string) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "daruma: "+ConsoleRole+" is a role of daruma's own processes; use: daruma stop NAME")
		return 2
	}
	n, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return consoleFailed
	}
	if args[0] == "close" && n != 0 { // IsProcessInJob takes no job for any job
		return closeWindows(windows.Handle(n))
	}
	event, known := map[string]uint32{"c": windows.CTRL_C_EVENT, "break": windows.CTRL_BREAK_EVENT}[args[0]]
	if !known || !isPID(n) {
		return consoleFailed
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
		return consoleMissing
	}
	// It comes to us as well. Only now, and not through Go's own handler: attaching to a console forgets the handlers there
	// were (kernelbase's InitializeCtrlHandling).
	kernel.NewProc("SetConsoleCtrlHandler").Call(windows.NewCallback(func(uintptr) uintptr { return 1 }), 1)
	// Zero: all of the console. Ctrl+C can't be aimed at one process group.
	if err := windows.GenerateConsoleCtrlEvent(event, 0); err != nil {
		return consoleFailed
	}
	return consoleSent
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
		if inJob(h, job) {
			found++
			post.Call(uintptr(window), wmClose, 0, 0)
		}
		return 1
	})
	if err := windows.EnumWindows(each, unsafe.Pointer(nil)); err != nil && found == 0 {
		return consoleNothing // no desktop either
	}
	if found == 0 {
		return consoleNothing
	}
	return consoleSent
}

// sendFrom starts the process that sends a signal, and has done called with its exit code by the loop.
func (k *keeper) sendFrom(kind, target string, extra []windows.Handle, done func(code uint32)) error {
	exe := k.own(false)
	plan := launch.Plan{Path: exe, Argv: []string{exe, ConsoleRole, kind, target}, Env: os.Environ(), UID: launch.Leave, GID: launch.Leave}
	child, err := launch.Start(plan, launch.How{Stdio: [3]windows.Handle{k.null, k.null, k.null}, Extra: extra, Flags: windows.DETACHED_PROCESS})
	if err != nil {
		return err
	}
	var w *wait
	w, err = k.poll.whenSignalled(child.Handle, func() {
		var code uint32
		_ = windows.GetExitCodeProcess(child.Handle, &code)
		w.stop()
		windows.CloseHandle(child.Handle)
		if code == consoleOwnEnd {
			code = consoleSent
		}
		done(code)
	})
	if err != nil {
		windows.CloseHandle(child.Handle)
	}
	return err
}
