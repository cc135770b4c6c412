package cli

import "github.com/spf13/cobra"

// newUI hands the command line to daruma-observe: what serves pages isn't in the executable of keepers and supervisors.
func newUI(IO) *cobra.Command {
	return &cobra.Command{
		Use:   "ui",
		Short: "Show all services in the browser, with logs and orders",
		Long: `Show all services in the browser, those that somebody should look at first, and keep them up to date: programs, probes, memory and
processor time, live logs with search; restart, stop and start where you may. Ctrl+C ends it.

It is served on this machine alone, at an address that works once. This runs daruma-observe, an executable of its own that belongs beside this one.`,
		Example: `  daruma ui
  daruma ui --open=false                     print the address, open nothing
  ssh -t -L 9491:127.0.0.1:9491 web1 daruma ui --port 9491`,
		DisableFlagParsing: true,
		RunE:               func(_ *cobra.Command, args []string) error { return becomeObserver(append([]string{"ui"}, args...)) },
	}
}
