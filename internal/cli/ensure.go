package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/ensure"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/service/manager"
)

// ensureVerb is run every few minutes by the fallback task.
const ensureVerb = "ensure"

// ensureTime bounds all of it: below the limit that the task itself has.
const ensureTime = 10 * time.Minute

func newEnsure(std IO) *cobra.Command {
	o := ensure.Options{Timeout: ensureTime}
	cmd := &cobra.Command{
		Use:   ensureVerb + " NAME",
		Short: "Start a service that should run and doesn't; what the fallback task runs",
		Long: `Looks at an installed service and starts it where it should run and doesn't: where the service manager gave up, forgot it or
couldn't start it at boot. A service that was stopped on purpose stays stopped until the next boot, one that is paused stays
paused. Where all is well nothing is done, within a few milliseconds.

What it had to do becomes an incident of the service: daruma incidents NAME.

A deploy that was cut off (a power cut) is settled: the release that was being tried is kept where it comes up and stays up, or the
one before comes back.

A service whose start type was changed since it was installed is left alone without --enable. --repair brings the
registration (path, start type, recovery, the fallback itself) back to what daruma install recorded.

Exit codes: 0 it runs, or isn't to run; 1 failed; 2 wrong usage; 3 it should run and doesn't (yet).`,
		Example: `  daruma ensure shop
  daruma ensure shop --enable
  daruma ensure shop --repair -o json`,
		Args: cobra.ExactArgs(1),
	}
	output := outputFlag(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.Enable, "enable", false, "set a start type that was changed back to the installed one (automatic where that isn't known)")
	flags.BoolVar(&o.Repair, "repair", false, "bring the registration back to what install recorded")
	flags.DurationVar(&o.Wait, "patience", 0, "wait this long for the service manager's own restart (the fallback task does)")
	flags.DurationVar(&o.Timeout, "timeout", o.Timeout, "give up after this long; what was begun goes on")
	home := flags.String("home", "", "the service's DARUMA_HOME (for the fallback task, which has no environment)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.Name = args[0]
		if *home != "" {
			if err := os.Setenv("DARUMA_HOME", *home); err != nil {
				return err
			}
		}
		if code := runEnsure(cmd.Context(), std, o, *output); code != ExitDone {
			return &exitError{code: code, err: errors.New("not ensured"), silent: true}
		}
		return nil
	}
	return cmd
}

// ensureRole runs the verb before the command line is set up, in the forms that the fallback task and scripts use. ok is false for
// everything else (help, mistakes, other spellings), which cobra answers.
func ensureRole(args []string, std IO) (code int, ok bool) {
	if len(args) == 0 || args[0] != ensureVerb {
		return 0, false
	}
	o, output := ensure.Options{Timeout: ensureTime}, formatText
	for rest := args[1:]; len(rest) > 0; rest = rest[1:] {
		switch arg := rest[0]; {
		case arg == "--enable":
			o.Enable = true
		case arg == "--repair":
			o.Repair = true
		case len(rest) > 1 && (arg == "-o" || arg == "--patience" || arg == "--home"):
			rest = rest[1:]
			if ensureValue(&o, &output, arg, rest[0]) != nil {
				return 0, false
			}
		case arg != "" && arg[0] != '-' && o.Name == "":
			o.Name = arg
		default:
			return 0, false
		}
	}
	if o.Name == "" {
		return 0, false
	}
	return runEnsure(context.Background(), std, o, output), true
}

func ensureValue(o *ensure.Options, output *format, flag, value string) (err error) {
	switch flag {
	case "-o":
		return output.Set(value)
	case "--patience":
		o.Wait, err = time.ParseDuration(value)
		return err
	}
	return os.Setenv("DARUMA_HOME", value)
}

// ensured is what -o json prints.
type ensured struct {
	ensure.Result
	Error string `json:"error,omitempty"`
}

func runEnsure(ctx context.Context, std IO, o ensure.Options, output format) int {
	answer := ensured{Result: ensure.Result{Service: o.Name}}
	place, err := folders.Of(o.Name)
	if err == nil {
		answer.Result, err = ensure.Run(ctx, manager.Manager{}, place, o)
		// Also where it failed: what keeps the service from starting may be the release whose deploy was cut off. One that is only on its
		// way is left to a later look: its release would go back with nobody having tried it.
		if err != nil || answer.Action != ensure.Await {
			said, unsettled := settleDeploy(ctx, o.Name)
			answer.Remarks = append(answer.Remarks, said...)
			err = errors.Join(err, unsettled)
		}
	}
	code := ensureCode(answer.Result, err)
	if err != nil {
		answer.Error = err.Error()
	}
	if output == formatJSON {
		if writeJSON(std.Out, answer) != nil {
			return ExitFailed
		}
		return code
	}
	if err != nil {
		fmt.Fprintln(std.Err, "daruma:", err)
	} else {
		fmt.Fprintln(std.Out, ensureLine(answer.Result))
	}
	for _, c := range answer.Changes {
		fmt.Fprintf(std.Out, "  %s\n", c)
	}
	for _, remark := range answer.Remarks {
		fmt.Fprintf(std.Err, "  note: %s\n", remark)
	}
	return code
}

func ensureCode(r ensure.Result, err error) int {
	switch {
	case errors.Is(err, manager.ErrInvalid):
		return ExitUsage
	case err != nil:
		return ExitFailed
	case r.Running || r.Action == ensure.Leave:
		return ExitDone
	}
	return ExitNotRunning
}

// ensureLine is the answer in a line.
func ensureLine(r ensure.Result) string {
	line := r.Service + " " + r.Reason
	switch {
	case r.Acted && r.Running && r.Action == ensure.Start:
		line += fmt.Sprintf("; started, it runs after %.1f s", r.Took)
	case r.Action == ensure.Enable:
		line += "; to set it back: daruma ensure " + r.Service + " --enable"
	case r.Waited > 0:
		line += fmt.Sprintf(" (waited %.1f s for it)", r.Waited)
	}
	return line
}

// stdIO are this process's own; for what is answered before main has set up anything.
func stdIO(errOut io.Writer) IO {
	return IO{In: os.Stdin, Out: os.Stdout, Err: errOut}.guarded()
}
