package hosting

import (
	"fmt"
	"os"
	"syscall"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/keeper"
)

// become turns this process into the keeper: the same pid, a fresh memory that never held a definition.
func become(args []string) (code int, err error) {
	path, err := os.Executable() // by its name, which is what ps will show
	if err != nil {
		path = "/proc/self/exe"
	}
	err = syscall.Exec(path, append([]string{"daruma", keeper.Role}, args...), os.Environ())
	return int(exitcode.Failed), fmt.Errorf("starting the keeper: %w", err)
}
