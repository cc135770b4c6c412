//go:build !linux && !windows

package host

func serve(string, string) int { return 1 }
