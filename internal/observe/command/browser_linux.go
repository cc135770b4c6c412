package command

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// browser gives the command that opens a file in the user's browser.
func browser() ([]string, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("a browser shouldn't run as root")
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return nil, errors.New("there is no display")
	}
	path, err := exec.LookPath("xdg-open")
	if err != nil {
		return nil, err
	}
	return []string{path}, nil
}

// taken says whether err of net.Listen is that somebody listens there.
func taken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
