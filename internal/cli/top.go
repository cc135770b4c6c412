package cli

import "github.com/spf13/cobra"

// newTop hands the command line to daruma-observe: what draws on the terminal isn't in the executable of keepers and supervisors.
func newTop(IO) *cobra.Command {
	return &cobra.Command{
		Use:   "top [NAME]",
		Short: "Show all services in the terminal, with logs and orders",
		Long: `Show all services at a glance, those that somebody should look at first, and keep it up to date: with the logs and incidents of each
program, and restart, stop and start where you may. q ends it.

This runs daruma-observe, an executable of its own that belongs beside this one.`,
		Example: `  daruma top                    all services
  daruma top shop               one of them
  ssh -t web1 daruma top`,
		ValidArgsFunction:  completeTarget,
		DisableFlagParsing: true,
		RunE:               func(_ *cobra.Command, args []string) error { return becomeObserver(append([]string{"top"}, args...)) },
	}
}
