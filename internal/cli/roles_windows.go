package cli

import "github.com/daruma-sh/daruma/internal/keeper"

// systemRole runs a process that only this system needs:
//
//	daruma console-signal c|break|close TARGET     a short-lived child of the keeper
func systemRole(args []string) (code int, ok bool) {
	if args[0] != keeper.ConsoleRole {
		return 0, false
	}
	return keeper.ConsoleMain(args[1:]), true
}
