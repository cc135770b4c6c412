package command

import (
	"html"
	"os"
	"os/exec"
	"path/filepath"
)

// openBrowser opens the address in this user's browser, and gives what is to be done at the end.
//
// The browser is given a file that only this user can read, and that leads there: an argument of a process can be read by every user of a Linux machine,
// and who has the token first is in.
func openBrowser(address string) (end func(), err error) {
	cmd, err := browser()
	if err != nil {
		return func() {}, err
	}
	file, end, err := browserFile(address)
	if err != nil {
		return end, err
	}
	started := exec.Command(cmd[0], append(cmd[1:], file)...)
	if err := started.Start(); err != nil {
		return end, err
	}
	go func() { _ = started.Wait() }()
	return end, nil
}

// browserFile makes the file, and gives what is to be done at the end.
func browserFile(address string) (file string, end func(), err error) {
	dir, err := os.MkdirTemp("", "daruma-ui-") // mode 0700; on Windows in the user's own folder
	if err != nil {
		return "", func() {}, err
	}
	page := `<!doctype html><meta charset="utf-8"><title>daruma</title><meta http-equiv="refresh" content="0; url=` + html.EscapeString(address) +
		`"><p><a href="` + html.EscapeString(address) + `">daruma</a>`
	file = filepath.Join(dir, "open.html")
	return file, func() { _ = os.RemoveAll(dir) }, os.WriteFile(file, []byte(page), 0o600)
}
