package hosting

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper"
)

// HangVariable is the environment variable that says after how many seconds without a sign of life the supervisor is replaced.
const HangVariable = "DARUMA_HANG_SECONDS"

// exitUsage is what every verb ends with where it is called wrongly.
const exitUsage = 2

// Terminal is the process that [Become] makes of daruma run: a keeper that no service manager started. args are the service's name,
// the definition's file and perhaps --quiet and --allow-unsafe. It gives the exit code.
func Terminal(args []string, errOut io.Writer) int {
	cfg, code := config(args, errOut)
	if code != 0 {
		return code
	}
	return int(exitcode.Code(keeper.Main(cfg)).Plain())
}

// config is what every keeper is started with. args go to the supervisor, the service's name first. The code is 0, or the exit code
// of this process, which has said why.
func config(args []string, errOut io.Writer) (cfg keeper.Config, code int) {
	place, err := folders.Of(args[0])
	if err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return cfg, int(exitcode.Failed)
	}
	hang, err := hangTimeout()
	if err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return cfg, exitUsage
	}
	cfg = keeper.Config{Service: args[0], Folders: place, Args: args, Hang: hang}
	if OptionsOf(args[1:]).AllowUnsafe {
		cfg.Distrust = access.Nobody
	}
	return cfg, 0
}

// hangTimeout is what HangVariable says, 0 where it isn't set.
func hangTimeout() (time.Duration, error) {
	text := os.Getenv(HangVariable)
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0.1 && seconds <= 3600) {
		return 0, fmt.Errorf("%s must be a number of seconds from 0.1 to 3600, is %q", HangVariable, text)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// TerminalOptions are what daruma run may be given.
type TerminalOptions struct {
	Quiet       bool // nothing but errors on the terminal
	AllowUnsafe bool // root takes a definition and files that others could change
}

// arguments are those of keeper and supervisor, behind the definition.
func (o TerminalOptions) arguments() (args []string) {
	if o.Quiet {
		args = append(args, flagQuiet)
	}
	if o.AllowUnsafe {
		args = append(args, flagUnsafe)
	}
	return args
}

// OptionsOf takes the options from the arguments of a supervisor, behind the definition.
func OptionsOf(args []string) TerminalOptions {
	return TerminalOptions{Quiet: slices.Contains(args, flagQuiet), AllowUnsafe: slices.Contains(args, flagUnsafe)}
}

// Become turns this process into a keeper in a terminal. It returns the exit code where the system can't replace a process' image,
// which is Windows, and an error where the keeper couldn't be started.
func Become(name, definition string, o TerminalOptions) (code int, err error) {
	return become(append([]string{name, definition}, o.arguments()...))
}
