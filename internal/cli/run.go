package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/supervisor"
)

func newRun(std IO) *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Supervise in this terminal; Ctrl+C stops gracefully, twice stops now",
		Long: `Starts the programs of a definition and keeps them running until it is stopped.

FILE is a definition; without it ./daruma.yaml is taken. What happens and what the programs write is printed here,
and kept in the service's folders, so that daruma status, logs and incidents work from another terminal.

Ctrl+C (SIGINT) and SIGTERM stop all programs, dependents first; a second one ends everything at once. SIGHUP reads the
definition again. It ends with 0 when stopped or when all programs are completed, with 1 when a program's
maxRestarts says escalate or when another daruma holds the service, with 2 when the definition is wrong.`,
		Example: `  daruma run
  daruma run examples/shop/daruma.yaml
  DARUMA_HOME=/tmp/try daruma run --quiet shop.yaml &`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := ""
			if len(args) > 0 {
				file = args[0]
			}
			return run(std, file, quiet)
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print errors only")
	return cmd
}

// run checks everything that can be checked before it becomes the keeper, whose process parses nothing.
func run(std IO, file string, quiet bool) error {
	def, err := loadDefinition(std, file)
	if err != nil {
		return err
	}
	if list := supervisor.Unenforceable(def); len(list) > 0 {
		fmt.Fprintln(std.Err, strings.Join(list, "\n"))
		return &exitError{code: ExitUsage, silent: true, err: errors.New("the definition asks for what can't be enforced here")}
	}
	place, err := folders.Of(def.Name)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if err := place.Make(); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	args := []string{def.Name, def.File}
	if quiet {
		args = append(args, flagQuiet)
	}
	return become(args)
}
