package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/top"
)

// topMain runs daruma top and gives the exit code: 0 ended by q or Ctrl+C, 1 failed, 2 wrong usage.
func topMain(args []string, in, out *os.File, text, errs io.Writer) int {
	cmd := newTop(in, out)
	cmd.SetOut(text)
	cmd.SetErr(errs)
	cmd.SetArgs(args)
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintf(errs, "daruma top: %v\n", err)
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return 1
	}
	return 2
}

func newTop(in, out *os.File) *cobra.Command {
	return &cobra.Command{
		Use:   "daruma top [NAME]",
		Short: "Show all services in the terminal, with logs and orders",
		Long: `Show all services that are known here at a glance, or the one called NAME, and keep it up to date: those that
somebody should look at first. Works over ssh, in tmux, and in Windows' console.

Enter   logs, as they come        /   filter
i       incidents                 ?   help
r, s    restart, stop or start a program; it asks first
q       quit

You see what daruma status shows you. An order that you may not give is refused by the service, which says why.`,
		Example: `  daruma top
  daruma top shop
  ssh -t web1 daruma top`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			service := ""
			if len(args) > 0 {
				if service = args[0]; strings.Trim(service, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
					return fmt.Errorf("%q is no name of a service: they have lower-case letters, digits and hyphens", service)
				}
			}
			if err := top.Run(cmd.Context(), in, out, service); err != nil {
				return &failure{err}
			}
			return nil
		},
	}
}
