package cli

import (
	"cmp"
	"errors"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/hosting"
)

func newRun(std IO) *cobra.Command {
	var o hosting.TerminalOptions
	cmd := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Supervise in this terminal; Ctrl+C stops gracefully, twice stops now",
		Long: `Starts the programs of a definition and keeps them running until it is stopped.

FILE is a definition; without it ./daruma.yaml is taken. What happens and what the programs write is printed here,
and kept in the service's folders, so that daruma status, logs and incidents work from another terminal.

Ctrl+C (SIGINT) and SIGTERM stop all programs, dependents first; a second one ends everything at once. SIGHUP reads the
definition again. It ends with 0 when stopped or when all programs are completed, with 1 when nothing is left to run
because programs were given up, when a program's maxRestarts says escalate or when another daruma holds the service, with 2 when the definition is wrong.

As root, or as an administrator with all rights, it refuses a definition that others could change, or whose files they could: what they
write would run with these rights. --allow-unsafe takes it all the same, for a container whose folders belong to somebody outside.`,
		Example: `  daruma run
  daruma run examples/shop/daruma.yaml
  DARUMA_HOME=/tmp/try daruma run --quiet shop.yaml &`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := ""
			if len(args) > 0 {
				file = args[0]
			}
			return run(std, file, o)
		},
	}
	cmd.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, "print errors only")
	cmd.Flags().BoolVar(&o.AllowUnsafe, "allow-unsafe", false, "as root or administrator: take files that others could change")
	return cmd
}

// run finds out what the service is called, then becomes the keeper, whose process parses nothing. The supervisor says what is wrong
// with the definition, before it starts anything.
func run(std IO, file string, o hosting.TerminalOptions) error {
	path := cmp.Or(file, definition.DefaultFile)
	name := plainName(path)
	if name == "" {
		def, err := loadDefinition(std, file)
		if err != nil {
			return err
		}
		name = def.Name
	}
	place, err := folders.Of(name)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	distrust := access.Strangers
	if o.AllowUnsafe {
		distrust = access.Nobody
	}
	if err := access.MakeFolders(name, place, distrust); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	code, err := hosting.Become(name, path, o)
	switch {
	case err != nil:
		return &exitError{code: code, err: err}
	case code != ExitDone:
		return &exitError{code: code, silent: true, err: errors.New("the keeper ended")}
	}
	return nil
}

// plainName takes the service's name from a plain line "name: shop" at the beginning of the definition. To read the whole definition
// takes its time with 500 programs. The supervisor does it anyway, and checks that the name is this one. "": the name isn't written
// that plainly, or something is wrong with the file.
func plainName(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > definition.MaxSize {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	m := regexp.MustCompile(`(?m)\A(?:#.*\n|\s*\n)*name: *([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?) *(?:#.*)?\n`).FindSubmatch(data)
	if m == nil {
		return ""
	}
	return string(m[1])
}
