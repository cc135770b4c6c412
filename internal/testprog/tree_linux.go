package main

import (
	"errors"
	"flag"
	"os/signal"

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

// ignoreSignals ignores every signal; the kernel keeps SIGKILL and SIGSTOP to itself.
func ignoreSignals() { signal.Ignore() }

func window(*flag.FlagSet, []string) (int, error) { return 0, errors.New("window: Linux has none") }

func breakaway() (int, error) { return 0, errors.New("breakaway: Linux has no job objects") }
