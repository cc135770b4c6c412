package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/supervisor"
)

// Role runs one of daruma's own processes where args (without the executable) name one; ok is false for everything else.
// They come before the command line is set up: the keeper is to stay small, and ensure to be quick.
//
//	daruma keeper NAME FILE [--quiet]
//	daruma host NAME FILE                       the keeper, started by the system's service manager
//	daruma host-reload NAME                     started by systemd for systemctl reload
//	daruma supervisor NAME FILE [--quiet]       a child of the keeper only
//	daruma reader NAME FILE                     likewise, on Linux: tells the keeper what the definition allows, and ends
//	daruma handover                             likewise: says whether it understands what a keeper would hand over at an upgrade
//	daruma ensure NAME [flags]                  started by the fallback task
func Role(args []string, errOut io.Writer) (code int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	errOut = screen.Guard(errOut)
	if code, ok := systemRole(args); ok {
		return code, true
	}
	if code, ok := ensureRole(args, stdIO(errOut)); ok {
		return code, true
	}
	switch args[0] {
	case keeper.HandoverRole:
		return keeper.CheckHandover(), true
	case hosting.ReloadRole:
		return hosting.Reload(args[1:], errOut), true
	case hosting.Role:
		return hosting.Main(args[1:], errOut), true
	case keeper.Role, supervisor.Role, keeper.ReaderRole:
	default:
		return 0, false
	}
	if len(args) < 3 {
		fmt.Fprintf(errOut, "daruma: %s is a role of daruma's own processes; use: daruma run FILE\n", args[0])
		return ExitUsage, true
	}
	if args[0] != keeper.Role {
		o := hosting.OptionsOf(args[3:])
		cfg := supervisor.Config{Service: args[1], File: args[2], Terminal: !o.Quiet, Unsafe: o.AllowUnsafe}
		if args[0] == keeper.ReaderRole {
			return supervisor.Read(cfg, slices.Contains(args[3:], keeper.HostedFlag)), true
		}
		return supervisor.Main(cfg), true
	}
	return hosting.Terminal(args[1:], errOut), true
}
