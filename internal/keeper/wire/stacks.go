package wire

import (
	"fmt"
	"path/filepath"
)

// StacksFile is the file, in the service's run folder, into which the supervisor with this pid has its goroutines' stacks written if it
// crashes or hangs. The keeper saves it from there.
func StacksFile(run string, pid int) string {
	return filepath.Join(run, fmt.Sprintf("stacks-%d.txt", pid))
}
