package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// mark is the variable by which a command's tree is known: children inherit it, through Wine as well, and the service manager
// hands it to no service.
const mark = "DARUMA_LAB_RUN="

// task is a command of the host that carries out one in a machine.
type task struct {
	cmd  *exec.Cmd
	mark string
}

// run starts line on the host; what it leaves to the machine is the caller's.
func run(line []string, c Command, env []string, token string) (*task, error) {
	t := &task{cmd: exec.Command(line[0], line[1:]...), mark: mark + token}
	t.cmd.Env = append(append(env, c.Env...), t.mark)
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
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

// kill ends every process that carries the mark.
func (t *task) kill() error {
	return extinguish(func() ([]int, error) {
		var list []int
		for _, pid := range processes() {
			env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
			if err == nil && bytes.Contains(env, []byte(t.mark)) {
				list = append(list, pid)
			}
		}
		return list, nil
	})
}

// extinguish kills what list finds until it finds nothing: whoever forks while we look is found the next time.
func extinguish(list func() ([]int, error)) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		pids, err := list()
		if err != nil || len(pids) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v survive SIGKILL", pids)
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill %d: %w", pid, err)
			}
		}
		time.Sleep(time.Millisecond) // the kernel tells nobody but the parent, which isn't us
	}
}
