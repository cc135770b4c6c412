package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/supervisor"
)

const flagQuiet = "--quiet"

// hangVariable overrides after how many seconds without heartbeat the supervisor is replaced.
const hangVariable = "DARUMA_HANG_SECONDS"

// Role runs one of daruma's own processes where args (without the executable) name one; ok is false for everything else.
// They come before the command line is set up: the keeper is to stay small, and ensure to be quick.
//
//	daruma keeper NAME FILE [--quiet]
//	daruma host NAME FILE                       the keeper, started by the system's service manager
//	daruma supervisor NAME FILE [--quiet]       a child of the keeper only
//	daruma ensure NAME [flags]                  started by the fallback task
func Role(args []string, errOut io.Writer) (code int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	if code, ok := systemRole(args); ok {
		return code, true
	}
	if code, ok := ensureRole(args, stdIO(errOut)); ok {
		return code, true
	}
	if args[0] == hostRole {
		return runHosted(args[1:], errOut), true
	}
	if args[0] != keeper.Role && args[0] != supervisor.Role {
		return 0, false
	}
	if len(args) < 3 {
		fmt.Fprintf(errOut, "daruma: %s is a role of daruma's own processes; use: daruma run FILE\n", args[0])
		return ExitUsage, true
	}
	name, file := args[1], args[2]
	if args[0] == supervisor.Role {
		quiet := len(args) > 3 && args[3] == flagQuiet
		return supervisor.Main(supervisor.Config{Service: name, File: file, Terminal: !quiet}), true
	}
	place, err := folders.Of(name)
	if err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitFailed, true
	}
	cfg := keeper.Config{Service: name, Folders: place, Args: args[1:]}
	if cfg.Hang, err = hangTime(); err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return ExitUsage, true
	}
	return int(exitcode.Code(keeper.Main(cfg)).Plain()), true
}

// hangTime is what hangVariable says, 0 where it isn't set.
func hangTime() (time.Duration, error) {
	text := os.Getenv(hangVariable)
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0.1 && seconds <= 3600) {
		return 0, fmt.Errorf("%s must be a number of seconds from 0.1 to 3600, is %q", hangVariable, text)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
