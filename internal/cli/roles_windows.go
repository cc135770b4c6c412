package cli

import "github.com/daruma-sh/daruma/internal/keeper/console"

// systemRole runs a process that only this system needs:
//
//	daruma console-signal c|break|close TARGET     a short-lived child of the keeper
func systemRole(args []string) (code int, ok bool) {
	if args[0] != console.Role {
		return 0, false
	}
	return console.Main(args[1:]), true
}
