package command

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// browser gives the command that opens a file in the user's browser. It is named by its whole path: the working folder may be a stranger's.
func browser() ([]string, error) {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return nil, err
	}
	return []string{filepath.Join(dir, "rundll32.exe"), "url.dll,FileProtocolHandler"}, nil
}

// taken says whether err of net.Listen is that somebody listens there, or has the port for himself (WSAEACCES after SO_EXCLUSIVEADDRUSE).
func taken(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES)
}
