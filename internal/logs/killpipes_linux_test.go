package logs

import (
	"os"
	"os/exec"
	"testing"
)

// ways are those in which bytes come into a file.
func ways() []string { return []string{"splice", "copy"} }

// copyOnly makes the store do without splice(2), as on file systems that don't have it.
func copyOnly(s *Store) { s.pump.peeker.copies = true }

// handOver gives files to the process that cmd will start, and the numbers that they have there. done is to be called when it has
// started.
func handOver(_ *testing.T, cmd *exec.Cmd, files []*os.File) (numbers []uintptr, done func()) {
	cmd.ExtraFiles = files
	for i := range files {
		numbers = append(numbers, uintptr(3+i))
	}
	return numbers, func() {}
}
