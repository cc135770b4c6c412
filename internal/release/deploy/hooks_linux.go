package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// hookEnd is how long what a hook left behind may take to end when it is killed.
const hookEnd = 5 * time.Second

// runTree runs a hook and ends what it started and left: its process group, and whoever left that, by the variable that marks the processes
// of a run.
func runTree(cmd *exec.Cmd) error {
	mark := fmt.Sprintf("deploy/hook/%d/%d", os.Getpid(), time.Now().UnixNano())
	cmd.Env = append(cmd.Env, "DARUMA_RUN="+mark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group's number isn't given to others while one of it lives
	tree.KillAll(mark, hookEnd)
	return err
}
