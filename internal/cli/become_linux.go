package cli

import (
	"fmt"
	"os"
	"syscall"

	"github.com/daruma-sh/daruma/internal/keeper"
)

// become turns this process into the keeper: the same pid, a fresh memory that never held a definition.
func become(args []string) error {
	err := syscall.Exec("/proc/self/exe", append([]string{"daruma", keeper.Role}, args...), os.Environ())
	return &exitError{code: ExitFailed, err: fmt.Errorf("starting the keeper: %w", err)}
}
