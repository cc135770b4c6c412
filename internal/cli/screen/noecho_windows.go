package screen

import (
	"os"

	"golang.org/x/sys/windows"
)

// NoEcho keeps the console from showing what is typed, until restore.
func NoEcho(terminal *os.File) (restore func(), err error) {
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
