package cli

import (
	"sync"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/service/manager"
)

// managerOf is the system's service manager, with a sign of life on a terminal while it is waited for. end takes that away.
func managerOf(std IO, doing string) (manager.Manager, func()) {
	end := screen.Progress(std.Err, doing)
	return manager.Manager{}, sync.OnceFunc(end)
}
