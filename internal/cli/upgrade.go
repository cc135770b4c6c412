package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

func newUpgrade(std IO) *cobra.Command {
	var all bool
	var reason string
	cmd := &cobra.Command{
		Use:   "upgrade [NAME]",
		Short: "Have the daruma on disk take over a service whose programs run on",
		Long: `Have the daruma on disk take over a service whose programs run on.

Put the new daruma in the place of the old one first, by renaming: this verb downloads nothing. The new file is asked whether it
understands what it would take over. Then supervisor and keeper become the new daruma: programs keep their processes,
sockets and every line of their output. Where the new daruma isn't up within 10 seconds, the old one takes over again, and says why.

On Windows the supervisor alone is replaced at once; the keeper takes the new file when the service is restarted.

NAME may be left out where exactly one service runs; --all takes every service that runs here.
Exit codes: 0 done or up to date, 1 the old daruma goes on, 2 wrong usage, 3 the service isn't running.`,
		Example: `  daruma upgrade shop
  daruma upgrade --all`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "every service that runs here")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for daruma's log")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		names, err := toUpgrade(cmd.Context(), std, args, all)
		if err != nil {
			return err
		}
		if reason == "" {
			reason = "daruma upgrade by " + operate.UserName()
		}
		return upgrade(cmd.Context(), std, names, reason, *output)
	}
	return cmd
}

// toUpgrade gives the services that the command line names.
func toUpgrade(ctx context.Context, std IO, args []string, all bool) ([]string, error) {
	if all && len(args) > 0 {
		return nil, &exitError{code: ExitUsage, err: errors.New("--all goes without a NAME")}
	}
	if all {
		known, err := folders.Services()
		if err != nil {
			return nil, servicesFailure(err)
		}
		return runningOf(ctx, known), nil
	}
	t, err := targetOf(ctx, std, args)
	if err == nil && t.program != "" {
		err = &exitError{code: ExitUsage, err: fmt.Errorf("daruma upgrades whole services: daruma upgrade %s", t.service)}
	}
	return []string{t.service}, err
}

// upgraded is what -o json prints of a service.
type upgraded struct {
	Service  string `json:"service"`
	UpToDate bool   `json:"upToDate,omitempty"`
	control.UpgradeOutcome
}

// upgrade upgrades one service after the other, the rest too where one can't be.
func upgrade(ctx context.Context, std IO, names []string, reason string, output format) error {
	results := []upgraded{}
	var failures []error
	for _, name := range names {
		client, err := control.Dial(name)
		r := upgraded{Service: name}
		if err == nil {
			end := screen.Progress(std.Err, "upgrading "+name)
			r.UpgradeOutcome, r.UpToDate, err = operate.Upgrade(ctx, client, reason)
			end()
		}
		if err != nil {
			r.Error = err.Error()
			failures = append(failures, clientFailure(name, err))
		} else if r.Error != "" {
			failures = append(failures, &exitError{code: ExitFailed, err: fmt.Errorf("%s runs on with %s: %s", name, r.From, plaintext.Line(r.Error))})
		}
		results = append(results, r)
		if output == formatText && r.Error == "" {
			if err := printLine(std.Out, "%s: %s", name, upgradeWords(r)); err != nil {
				return &exitError{code: ExitFailed, err: err}
			}
		}
	}
	if output == formatJSON {
		if err := writeJSON(std.Out, results); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
	}
	switch len(failures) {
	case 0:
		return nil
	case 1:
		return failures[0]
	}
	return &exitError{code: ExitFailed, err: errors.Join(failures...)}
}

// upgradeWords says what an upgrade that went well has done.
func upgradeWords(r upgraded) string {
	switch {
	case r.UpToDate:
		return "up to date, " + r.To
	case r.From == r.To:
		return "upgraded to another file of " + r.To + keeperNote(r)
	}
	return "upgraded from " + r.From + " to " + r.To + keeperNote(r)
}

func keeperNote(r upgraded) string {
	if r.Keeper {
		return "; the programs ran on"
	}
	return " but for the keeper, which takes it when the service is restarted; the programs ran on"
}
