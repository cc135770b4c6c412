//go:build !linux && !windows

package daruma

// systemProgram gives those of the test services that only this system can have: none.
func systemProgram(string, func(string, ...any)) Func { return nil }
