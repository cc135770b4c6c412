//go:build !linux && !windows

package wine

func running() bool { return false }
