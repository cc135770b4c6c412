//go:build !linux && !windows

package service

import "os"

// systemOutput is the system's log: there is none here.
type systemOutput struct {
	sink   logSink
	encode func(dst []byte, r *flatRecord) []byte
}

func (o LogOptions) openSystem(lineOutput) *systemOutput { return nil }

// isTerminal takes any character device for one: where it is /dev/null nobody sees the difference.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func enableColours(*os.File) bool { return true }

func isJournal(*os.File) bool { return false }

// ownStream gives f itself: a program in a terminal may end with its reader.
func ownStream(f *os.File) (*os.File, error) { return f, nil }

func openAppend(path string, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}

func goesWhenClosed(*os.File) bool { return false }
