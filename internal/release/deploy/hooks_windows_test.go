package deploy

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/launch"
)

// TestHookThatHasEnded: one that is over before it could be put in its job has failed at nothing.
func TestHookThatHasEnded(t *testing.T) {
	job, err := tree.OpenJob(&launch.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	cmd := exec.Command("cmd.exe", "/c", "exit 0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	process, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(process) // it keeps the number its own
	if event, err := windows.WaitForSingleObject(process, 60_000); event != windows.WAIT_OBJECT_0 {
		t.Fatal(event, err)
	}
	if err := assign(job, cmd.Process.Pid); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
