package hosting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// reloadTimeout is how long the supervisor may take to read its definition: it may have to be replaced first.
const reloadTimeout = 30 * time.Second

// Reload is the process that systemd starts for systemctl reload (ExecReload=), as the service's account and in its sandbox. It asks
// the running supervisor, and ends when that has taken the definition or refused it: a signal, or notify-reload, couldn't tell.
//
// args are the service's name. What is wrong goes to errOut, which systemd puts into the journal. It gives the exit code:
// [exitcode.Refused] where the definition has mistakes; whatever the code, the programs run on.
func Reload(args []string, errOut io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintf(errOut, "daruma: %s is for systemd alone; use: daruma reload NAME\n", ReloadRole)
		return exitUsage
	}
	if err := os.Setenv(folders.InstalledVariable, "1"); err != nil { // its folders are the system's
		fmt.Fprintln(errOut, "daruma:", err)
		return int(exitcode.Failed)
	}
	client, err := control.Dial(args[0])
	if err != nil {
		fmt.Fprintln(errOut, "daruma:", err)
		return int(exitcode.Failed)
	}
	ctx, cancel := context.WithTimeout(context.Background(), reloadTimeout)
	defer cancel()
	_, err = client.Command(ctx, control.Command{Verb: control.VerbReload, Reason: "systemctl reload"})
	return reloadOutcome(args[0], err, errOut)
}

// reloadOutcome says what went wrong, a line each, and gives the exit code.
func reloadOutcome(name string, err error, errOut io.Writer) int {
	var api *control.APIError
	switch {
	case err == nil:
		return int(exitcode.Done)
	case errors.As(err, &api) && len(api.Errors) > 0:
		for _, problem := range api.Errors {
			fmt.Fprintln(errOut, plaintext.Line(problem))
		}
		fmt.Fprintf(errOut, "daruma: %s: the definition is refused; the old one stays in force. Mend it, then reload again\n", name)
		return int(exitcode.Refused)
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintf(errOut, "daruma: %s: the supervisor hasn't answered within %v; daruma status %s says what is in force\n", name, reloadTimeout, name)
	default:
		fmt.Fprintf(errOut, "daruma: %s: %s\n", name, plaintext.Line(strings.TrimSpace(err.Error())))
	}
	return int(exitcode.Failed)
}
