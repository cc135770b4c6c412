package supervisor

import (
	"os"
	"runtime/debug"
)

// stacks is the file that Go's runtime writes all goroutines to when this process crashes or is sent SIGQUIT. The
// keeper takes it into the state folder.
type stacks struct{ file *os.File }

func saveStacks(path string) *stacks {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &stacks{}
	}
	debug.SetTraceback("all")
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		f.Close()
		_ = os.Remove(path)
		return &stacks{}
	}
	return &stacks{f}
}

// done removes the file: this process ends as it should.
func (s *stacks) done() {
	if s.file != nil {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{}) // Windows removes no file that is open
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}
