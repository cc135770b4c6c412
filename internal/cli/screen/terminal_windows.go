package screen

import (
	"os"

	"golang.org/x/sys/windows"
)

// terminalSize gives the size of the console that f is; ok is false where it is none.
// A console shows escape sequences only once it is told to, so this does it.
func terminalSize(f *os.File) (width, height int, ok bool) {
	h := windows.Handle(f.Fd())
	var mode uint32
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleMode(h, &mode) != nil || windows.GetConsoleScreenBufferInfo(h, &info) != nil {
		return 0, 0, false
	}
	if windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
		return 0, 0, false // a console from before Windows 10 1511: as good as none
	}
	return int(info.Window.Right-info.Window.Left) + 1, int(info.Window.Bottom-info.Window.Top) + 1, true
}

// isTerminal tells whether f is a console, whatever it can show.
func isTerminal(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}

// SingleKeys makes the console give each key at once and unseen. Ctrl+C still interrupts. restore undoes it.
func SingleKeys(f *os.File) (restore func(), err error) {
	h := windows.Handle(f.Fd())
	var before uint32
	if err := windows.GetConsoleMode(h, &before); err != nil {
		return nil, err
	}
	if err := windows.SetConsoleMode(h, before&^(windows.ENABLE_LINE_INPUT|windows.ENABLE_ECHO_INPUT)); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(h, before) }, nil
}
