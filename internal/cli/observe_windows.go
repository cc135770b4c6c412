package cli

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// become runs the observer on this console and gives its exit code: Windows can't replace a process. Ctrl+C reaches both, and this one waits.
func become(path string, args []string) (int, error) {
	signal.Ignore(os.Interrupt)
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}
