package deploy

import (
	"errors"
	"os/exec"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/launch"
)

// runTree runs a hook in a job, which ends with it: with cmd.exe, which runs the hook, everything that it started. What cmd.exe starts
// before it is in the job stays out of it; that is the first moments of its own start.
func runTree(cmd *exec.Cmd) error {
	job, err := tree.OpenJob(&launch.Plan{})
	if err != nil {
		return err
	}
	defer job.Close()
	cmd.Cancel = func() error {
		job.Terminate()
		return cmd.Process.Kill()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	assigned := assign(job, cmd.Process.Pid)
	err = cmd.Wait()
	job.Terminate()
	return errors.Join(err, assigned)
}

func assign(job *tree.Job, pid int) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE|windows.SYNCHRONIZE, false, uint32(pid))
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) {
		return nil // it has ended
	}
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	err = windows.AssignProcessToJobObject(job.Handle, process)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) { // also of one that has ended while a handle of it is open, as cmd's is
		if event, failed := windows.WaitForSingleObject(process, 0); failed == nil && event == windows.WAIT_OBJECT_0 {
			return nil
		}
	}
	return err
}
