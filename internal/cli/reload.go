package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

func newReload(std IO) *cobra.Command {
	var timeout time.Duration
	var reason string
	cmd := &cobra.Command{
		Use:   "reload [NAME]",
		Short: "Read a service's definition again and restart only what changed",
		Long: `Read a service's definition again and restart only what changed.

The new definition is built whole first. Where it has errors, all of them are printed, the old one stays in
force, and nothing is touched. Otherwise programs that are new are started, those that are gone are stopped, those
whose definition changed are restarted, and the others run on untouched. A program whose probes or log settings alone changed takes
them as it runs (but for logs.format). The answer comes when what was started has been up for a second, or can't be.

NAME may be left out where exactly one service runs.
Exit codes: 0 done, 1 a program didn't get where it should, 2 wrong usage or a definition with errors,
3 the service isn't running.`,
		Example: `  daruma check && daruma reload shop
  daruma reload shop -o json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "wait this long for the answer (for example 30s); what was begun goes on after that")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for events and incidents")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := targetOf(cmd.Context(), std, args)
		if err != nil {
			return err
		}
		c := control.Command{Verb: control.VerbReload, Program: t.program, Reason: reason, MinReadySeconds: operate.MinReadySeconds}
		if reason == "" {
			c.Reason = "daruma reload by " + operate.UserName()
		}
		answer, err := sendOrder(cmd.Context(), std, t, c, "reloading", timeout)
		if err != nil {
			return refusedReload(std, err, *output)
		}
		return reportReload(std, t, answer, *output)
	}
	return cmd
}

// refusedReload prints every error of a definition that was refused.
func refusedReload(std IO, err error, output format) error {
	var api *control.APIError
	if !errors.As(err, &api) || len(api.Errors) == 0 {
		return err
	}
	if output == formatJSON {
		if err := writeJSON(std.Out, control.Answer{Results: []control.ProgramResult{}, Errors: api.Errors}); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
	} else {
		fmt.Fprintln(std.Err, plainLines(api.Errors))
	}
	return &exitError{code: ExitUsage, err: errors.New("the definition has errors; the old one stays in force")}
}

// reportReload prints what a reload did to each program.
func reportReload(std IO, t target, a control.Answer, output format) error {
	if output == formatText && a.Reload != nil {
		said := false
		for _, group := range []struct {
			what  string
			names []string
		}{{"added", a.Reload.Added}, {"removed", a.Reload.Removed}, {"restarted", a.Reload.Restarted},
			{"updated as they run", a.Reload.Updated}, {"unchanged", a.Reload.Unchanged}} {
			if len(group.names) > 0 {
				said = true
				if err := printLine(std.Out, "%s: %s", group.what, strings.Join(group.names, ", ")); err != nil {
					return &exitError{code: ExitFailed, err: err}
				}
			}
		}
		if said {
			a.Results = failed(a.Results)
			if len(a.Results) == 0 {
				return nil
			}
		}
	}
	return printAnswer(std, t, control.VerbReload, a, output)
}

// failed leaves the results that aren't as they should be.
func failed(results []control.ProgramResult) []control.ProgramResult {
	var left []control.ProgramResult
	for _, r := range results {
		if !r.Done {
			left = append(left, r)
		}
	}
	return left
}
