package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/definition"
)

func newSchema(std IO) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of definitions, for completion in editors",
		Long: `Print the JSON Schema of definitions (draft 2020-12).

Editors that speak the YAML language server (VS Code, Neovim, Emacs, Helix, JetBrains) complete and explain the fields
where the definition's first line names the schema, relative to the definition:

  # yaml-language-server: $schema=daruma.schema.json

The schema knows keys, types and values; what only the whole shows (cycles, sockets used twice, variables that aren't
set) is for daruma check.`,
		Example: `  daruma schema > daruma.schema.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := io.WriteString(std.Out, definition.Schema()); err != nil {
				return &exitError{code: ExitFailed, err: err}
			}
			return nil
		},
	}
}
