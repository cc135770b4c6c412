package supervisor

import (
	"os"
	"runtime/debug"
)

// crashOutput is the file that Go's runtime writes all goroutines to when this process crashes or is sent SIGQUIT. The
// keeper takes it into the state folder.
type crashOutput struct{ file *os.File }

func openCrashOutput(path string) *crashOutput {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &crashOutput{}
	}
	debug.SetTraceback("all")
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		f.Close()
		_ = os.Remove(path)
		return &crashOutput{}
	}
	return &crashOutput{f}
}

// remove removes the file: this process ends as it should.
func (s *crashOutput) remove() {
	if s.file != nil {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{}) // Windows removes no file that is open
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}
