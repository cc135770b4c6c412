package main

import (
	"os"
	"os/exec"
	"syscall"
)

func newSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// execOther becomes another program under the same pid.
func execOther(args []string) (int, error) {
	if len(args) == 0 {
		return 0, syscall.EINVAL
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return 0, err
	}
	return 0, syscall.Exec(path, args, os.Environ())
}
