package process

import (
	"os"
	"runtime/debug"
)

// CrashOutput is the file that Go's runtime writes all goroutines to when this process crashes or is sent SIGQUIT. The
// keeper takes it into the state folder.
type CrashOutput struct{ file *os.File }

// OpenCrashOutput makes the file, which must not exist yet. Where that fails there is none: it is needed for nothing else.
func OpenCrashOutput(path string) *CrashOutput {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &CrashOutput{}
	}
	debug.SetTraceback("all")
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		f.Close()
		_ = os.Remove(path)
		return &CrashOutput{}
	}
	return &CrashOutput{f}
}

// Remove removes the file: this process ends as it should.
func (s *CrashOutput) Remove() {
	if s.file != nil {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{}) // Windows removes no file that is open
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}
