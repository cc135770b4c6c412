package screen

import (
	"os"

	"golang.org/x/sys/windows"
)

// silence has the terminal not show what is typed, until show.
func silence(terminal *os.File) (show func(), err error) {
	console := windows.Handle(terminal.Fd())
	var old uint32
	if err := windows.GetConsoleMode(console, &old); err != nil {
		return nil, err
	}
	quiet := old&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if err := windows.SetConsoleMode(console, quiet); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(console, old) }, nil
}

// endBy ends the process as Windows does on Ctrl+C (STATUS_CONTROL_C_EXIT).
func endBy(os.Signal) { windows.ExitProcess(uint32(windows.STATUS_CONTROL_C_EXIT)) }
