//go:build !linux && !windows

package service

// emulated: this is no Wine.
func emulated() bool { return false }
