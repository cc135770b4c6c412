package cli

import (
	"os"
	"syscall"
)

// become replaces this process, so that signals reach the observer itself. It returns where that failed.
func become(path string, args []string) (int, error) {
	return 0, syscall.Exec(path, append([]string{path}, args...), os.Environ())
}
