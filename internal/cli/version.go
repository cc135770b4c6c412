package cli

import (
	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/version"
)

func newVersion(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print which daruma this is",
		Long: `Print which daruma this is: its version, the commit and its date, the version of Go that built it, system and processor.

It is the one on disk. What runs may still be an older one: daruma status says so.`,
		Example: `  daruma version
  daruma version -o json
  daruma --version`,
		Args: cobra.NoArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		err := printVersion(std, *output)
		if err != nil {
			err = &exitError{code: ExitFailed, err: err}
		}
		return err
	}
	return cmd
}

func printVersion(std IO, output format) error {
	if output == formatJSON {
		return writeJSON(std.Out, version.Read())
	}
	return printLine(std.Out, "daruma %s", version.Read())
}
