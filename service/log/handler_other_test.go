//go:build !linux && !windows

package log

// emulated: this is no Wine.
func emulated() bool { return false }
