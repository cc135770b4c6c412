//go:build !linux && !windows

package stdio

import "os"

// IsTerminal reports whether f is a character device. That includes /dev/null, where nobody sees the difference.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// EnableColours reports true: terminals of these systems interpret escape sequences.
func EnableColours(*os.File) bool { return true }

// WithoutSIGPIPE gives f itself: on these systems a program runs in a terminal alone, and may end with its reader.
func WithoutSIGPIPE(f *os.File) (*os.File, error) { return f, nil }
