package deploy

import (
	"os/exec"
	"syscall"
)

// ownTree has the hook's whole process group ended, not its first process alone.
func ownTree(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
