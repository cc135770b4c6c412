package stdio

import (
	"os"

	"golang.org/x/sys/windows"
)

// IsTerminal reports whether a console shows what is written to f.
func IsTerminal(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}

// EnableColours makes the console f interpret escape sequences and reports whether it does: from Windows 10 1511 on.
// Source: learn.microsoft.com, "Console Virtual Terminal Sequences".
func EnableColours(f *os.File) bool {
	var mode uint32
	handle := windows.Handle(f.Fd())
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// WithoutSIGPIPE gives f itself: Windows has no SIGPIPE, and os.File converts to UTF-16 what it writes to a console.
func WithoutSIGPIPE(f *os.File) (*os.File, error) { return f, nil }
