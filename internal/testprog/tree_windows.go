package main

import (
	"errors"
	"os/exec"
	"syscall"
)

// newSession: a process without our console is the nearest thing to a session of its own.
func newSession(cmd *exec.Cmd) {
	const detachedProcess = 0x8
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: detachedProcess | syscall.CREATE_NEW_PROCESS_GROUP}
}

func execOther([]string) (int, error) { return 0, errors.New("exec: Windows has no such thing") }
