package lab

import (
	"errors"
	"os/exec"
	"syscall"
	"time"

	"github.com/daruma-sh/daruma/lab/tree"
)

// task is a command of the host that carries out one in a machine.
type task struct {
	cmd   *exec.Cmd
	token string
}

// run starts line on the host; what it leaves to the machine is the caller's.
func run(line []string, c Command, env []string, token string) (*task, error) {
	t := &task{cmd: exec.Command(line[0], line[1:]...), token: token}
	t.cmd.Env = append(append(env, c.Env...), tree.Mark(token))
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	t.cmd.ExtraFiles = c.files
	// Something that the command left running may hold its output open; what it writes later is nobody's.
	t.cmd.WaitDelay = time.Second
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *task) wait() (int, error) {
	err := t.cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return -1, err
	}
	if status := t.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return t.cmd.ProcessState.ExitCode(), nil
}

func (t *task) kill() error { return tree.Kill(t.token) }
