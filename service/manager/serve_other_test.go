//go:build !linux && !windows

package manager

func serve(string, string) int { return 1 }
