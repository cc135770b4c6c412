package version

import (
	"os"
	"time"
)

// Executable is the file that a process runs, as it was when the process started. With it one can tell whether the file on disk is
// another one by now, though its name is the same.
type Executable struct {
	Version  string    // of the daruma in it
	Modified time.Time // zero: unknown
	Size     int64     // bytes
}

// Running describes this process' own executable. It is to be called when the process starts: the file may be replaced any time after.
func Running() Executable {
	e := Executable{Version: Version()}
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			e.Modified, e.Size = info.ModTime(), info.Size()
		}
	}
	return e
}

// Replaced says whether the file that has this process' name now is another than e. It is false where that isn't known, or where no file
// is there.
func (e Executable) Replaced() bool {
	path, err := os.Executable() // Linux: the name of the start, even where the file was removed
	if err != nil || e.Modified.IsZero() {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && (info.Size() != e.Size || !info.ModTime().Equal(e.Modified))
}
