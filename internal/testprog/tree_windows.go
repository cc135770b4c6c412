package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// newSession: a process without our console is the nearest thing to a session of its own.
func newSession(cmd *exec.Cmd) {
	const detachedProcess = 0x8
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: detachedProcess | syscall.CREATE_NEW_PROCESS_GROUP}
}

func execOther([]string) (int, error) { return 0, errors.New("exec: Windows has no such thing") }

// ignoreSignals catches and drops them: to signal.Ignore Windows' own answer would remain, which is the end.
func ignoreSignals() { signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM) }

// breakaway says "refused" where its job keeps the child, else "child PID".
func breakaway() (int, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	const breakawayFromJob = 0x01000000
	cmd := exec.Command(exe, "hang")
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: breakawayFromJob}
	if err := cmd.Start(); err != nil {
		say("refused", err)
	} else {
		say("child", cmd.Process.Pid)
	}
	say("ready", os.Getpid())
	hang()
	return 0, nil
}
