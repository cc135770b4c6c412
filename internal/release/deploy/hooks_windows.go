package deploy

import (
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/windows"
)

// ownTree has the hook's processes ended by taskkill /T, which follows parents to their children: cmd.exe, which runs the hook, starts
// others and waits for them.
func ownTree(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		system, err := windows.GetSystemDirectory()
		if err == nil {
			err = exec.Command(filepath.Join(system, "taskkill.exe"), "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
		}
		if err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
}
