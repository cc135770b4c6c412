package logs

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// ways are those in which bytes come into a file.
func ways() []string { return []string{"copy"} }

// copyOnly has nothing to do: there is no splice(2).
func copyOnly(*Store) {}

// handOver gives files to the process that cmd will start, and the numbers that they have there. done is to be called when it has
// started. os/exec has no ExtraFiles on Windows: a handle is inherited under its own value, and only by whom it is listed for.
func handOver(t *testing.T, cmd *exec.Cmd, files []*os.File) (numbers []uintptr, done func()) {
	t.Helper()
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		t.Fatal(err)
	}
	var handles []syscall.Handle
	for _, f := range files {
		var h syscall.Handle
		if err := syscall.DuplicateHandle(self, syscall.Handle(f.Fd()), self, &h, 0, true, syscall.DUPLICATE_SAME_ACCESS); err != nil {
			t.Fatal(os.NewSyscallError("DuplicateHandle", err))
		}
		handles, numbers = append(handles, h), append(numbers, uintptr(h))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{AdditionalInheritedHandles: handles}
	return numbers, func() {
		for _, h := range handles {
			syscall.CloseHandle(h)
		}
	}
}
