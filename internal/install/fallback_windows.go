package install

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/access"
)

// fallbackByDefault: recovery actions know nothing of a start that failed, and an update or a tool may take them away.
const fallbackByDefault = true

// checkTaskFolder refuses a folder \daruma of the Task Scheduler that somebody else has made: everybody may make one, and its owner could put
// other tasks, which run as SYSTEM, in the place of ours. The Task Scheduler keeps its folders there.
func checkTaskFolder() error {
	if err := access.CheckOwner(filepath.Join(os.Getenv("SystemRoot"), "System32", "Tasks", "daruma")); err != nil {
		return fmt.Errorf("the Task Scheduler's folder \\daruma: %w", err)
	}
	return nil
}
