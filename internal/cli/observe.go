package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/install"
)

// newObserve hands the command line to daruma-observe, which has flags and help of its own.
func newObserve(IO) *cobra.Command {
	return &cobra.Command{
		Use:   "observe [observe.yaml] [flags]",
		Short: "Give what is seen of all services to Prometheus, and tell people what happens",
		Long: `Give what is seen of all services that let you in to Prometheus: on a port, or in a file for a textfile collector. Tell people
what happens to them: in chats, by a webhook, or by mail.

This runs daruma-observe, an executable of its own that belongs beside this one; its flags are in daruma observe --help.`,
		Example: `  daruma observe                                   http://127.0.0.1:9490/metrics, until Ctrl+C
  daruma observe --textfile /var/lib/prometheus/node-exporter
  daruma observe observe.yaml                      as the file says
  daruma observe --test-notices observe.yaml       send a test message to each channel
  sudo daruma install observe.yaml                 as a service, with an account of its own`,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return becomeObserver(args)
		},
	}
}

// becomeObserver runs daruma-observe with these arguments in place of this command.
func becomeObserver(args []string) error {
	path, err := install.ObserverExecutable()
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	code, err := become(path, args)
	if err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("starting %s: %w", path, err)}
	}
	return &exitError{code: code, err: errors.New("the observer has said why"), silent: true}
}
