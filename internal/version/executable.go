package version

import (
	"os"
	"time"
)

// Executable is the file that a process runs, as it was when the process started. With it one can tell whether the file on disk is
// another one by now, though its name is the same.
type Executable struct {
	Version  string    // of the daruma in it
	Path     string    // "": unknown
	Modified time.Time // zero: unknown
	Size     int64     // bytes
}

// Running describes this process' own executable. It is to be called when the process starts: on Windows the file may be replaced any time
// after.
func Running() Executable {
	e := Executable{Version: Version()}
	if path, err := os.Executable(); err == nil {
		e.Path = path
		if info, err := os.Stat(image(path)); err == nil {
			e.Modified, e.Size = info.ModTime(), info.Size()
		}
	}
	return e
}

// Replaced says whether the file at e's path now is another than e. It is false where that isn't known, or where no file is there.
func (e Executable) Replaced() bool {
	if e.Path == "" || e.Modified.IsZero() {
		return false
	}
	info, err := os.Stat(e.Path)
	return err == nil && (info.Size() != e.Size || !info.ModTime().Equal(e.Modified))
}
