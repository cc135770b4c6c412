package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/release/deploy"
	"github.com/daruma-sh/daruma/internal/release/store"
)

func newRollback(std IO) *cobra.Command {
	var settings deploy.Settings
	cmd := &cobra.Command{
		Use:   "rollback [NAME] [VERSION]",
		Short: "Go back to a release that was kept before",
		Long: `Go back to a release that is still here: the last one that was kept before the current one, or VERSION. The programs are restarted from
its files; there is no soak, for it has been kept before. A deploy that was interrupted is settled first.

NAME may be left out where exactly one service runs, and no VERSION is given.
Exit codes: 0 done, 1 something failed, 2 refused: nothing was changed.`,
		Example: `  daruma rollback shop
  daruma rollback shop 1.3.2`,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			version := ""
			if len(args) > 1 {
				version = args[1]
			}
			return rollback(cmd.Context(), std, args[:min(len(args), 1)], version, settings)
		},
	}
	cmd.Flags().BoolVar(&settings.Again, "again", false, "take a release that has fallen here")
	return cmd
}

func rollback(ctx context.Context, std IO, args []string, version string, settings deploy.Settings) error {
	t, err := serviceOf(ctx, std, args)
	if err != nil {
		return err
	}
	// What an interrupted deploy is judged by: those of daruma deploy, where nothing is said.
	settings.MinReady, _ = seconds("", 5, 0, 3600)
	settings.ProgressDeadline, _ = seconds("", 600, 0, 3600)
	settings.Who = operate.UserName()
	d, err := openDeployer(std, t.service, settings)
	if err != nil {
		return err
	}
	defer d.Store.Close()
	defer outliveReaders()()
	// A release that was cut off in its soak is given its time first. Who doesn't want to wait for that breaks it off, and it goes back.
	settling, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err = d.Settle(settling)
	stop()
	if err != nil && !isFallen(err) {
		return deployFailure(std, t.service, err)
	}
	// Nothing is gained by half a rollback: it is over when the programs are up, and the time for that is bounded.
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(ended)
	if err := d.Rollback(ctx, version); err != nil {
		return deployFailure(std, t.service, err)
	}
	return printed(printLine(std.Out, "%s: %s is in force again", t.service, d.Store.State.Current))
}

var errWholeService = errors.New("a release is the whole service's: write NAME alone")

// serviceOf is targetOf for what goes for a service as a whole.
func serviceOf(ctx context.Context, std IO, args []string) (target, error) {
	t, err := targetOf(ctx, std, args)
	if err == nil && t.program != "" {
		err = &exitError{code: ExitUsage, err: errWholeService}
	}
	return t, err
}

func newReleases(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "releases [NAME]",
		Short: "The releases of a service that are here, and what became of each",
		Long: `The releases of a service that are here, the last deployed first, and what became of each:

  kept         it was ready, and stayed up
  unproven     it was put in place while the service didn't run
  fallen       it didn't stay, and went back by itself; it is barred
  rolledBack   daruma rollback went back from it
  interrupted  its deploy was cut off, and undone

NAME may be left out where exactly one service runs.`,
		Example: `  daruma releases shop
  daruma releases shop -o json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := serviceOf(cmd.Context(), std, args)
		if err != nil {
			return err
		}
		return printReleases(std, t.service, *output)
	}
	return cmd
}

func printReleases(std IO, service string, output format) error {
	root, err := releaseRoot(service)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	state, err := store.Look(root)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if output == formatJSON {
		if state.Releases == nil {
			state.Releases = []store.Release{}
		}
		return printed(writeJSON(std.Out, state))
	}
	if len(state.Releases) == 0 {
		return printed(printLine(std.Out, "no release of %s was deployed here; daruma pack and daruma deploy do", service))
	}
	for i := len(state.Releases) - 1; i >= 0; i-- {
		if err := printRelease(std, state, &state.Releases[i]); err != nil {
			return printed(err)
		}
	}
	if d := state.Deploy; d != nil {
		return printed(printLine(std.Out, "%s is under way since %s, or was interrupted, in the step %q; the next deploy or rollback settles it",
			d.What(), d.Began.Local().Format("2006-01-02 15:04:05"), d.Step))
	}
	return nil
}

func printRelease(std IO, state *store.State, r *store.Release) error {
	mark, why := " ", ""
	if r.Version == state.Current {
		mark = "*"
	}
	if r.Why != "" {
		why = "  " + r.Why
	}
	signed := "unsigned"
	if r.SignedBy != "" {
		signed = "key " + r.SignedBy
	}
	if r.Backup > 0 {
		signed += ", backup " + screen.Size(r.Backup)
	}
	return printLine(std.Out, "%s %-16s %-11s %s  %8s  %s%s", mark, r.Version, r.Status, r.Deployed.Local().Format("2006-01-02 15:04:05"),
		screen.Size(r.Size), signed, why)
}
