//go:build !linux && !windows

package daruma

// emulated: this is no Wine.
func emulated() bool { return false }
