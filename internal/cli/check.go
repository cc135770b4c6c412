package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/envfile"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/namedfiles"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/supervisor/launchplan"
	"github.com/daruma-sh/daruma/service/manager"
)

func newCheck(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Validate a definition: every problem in one go, with its place",
		Long: `Validate a definition without starting anything. FILE is daruma.yaml of the current folder where it is left out.

Every problem is printed as FILE:LINE:COLUMN: FIELD: what is wrong and what would be right, all of them in one go. So is what
this system can't enforce.
Where a service was installed with FILE, it is judged as that service will at its next start: with its environment, account and limits.
Otherwise variables such as ${PORT} are looked up in this terminal's environment, so that one that is missing is found too; systemd's
${STATE_DIRECTORY}, ${LOGS_DIRECTORY} and ${RUNTIME_DIRECTORY} are what they will be once it is installed.
An envFile that is missing or wrong is a warning: it is read when the program starts.
What others than you and administrators could change, the definition or a file that it names, is a warning: an installed service and
root don't take it. The exit code is 0 where the definition is right, and 2 where it isn't.`,
		Example: `  daruma check
  daruma check /etc/daruma/shop/daruma.yaml
  daruma check -o json | jq -r '.errors[].message'`,
		Args: cobra.MaximumNArgs(1),
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file := ""
		if len(args) > 0 {
			file = args[0]
		}
		return check(cmd.Context(), std, file, *output)
	}
	return cmd
}

// checkAnswer is what `daruma check -o json` prints.
type checkAnswer struct {
	File     string         `json:"file"`
	Valid    bool           `json:"valid"`
	Service  string         `json:"service,omitempty"`
	Programs []string       `json:"programs,omitempty"`
	Errors   []checkProblem `json:"errors,omitempty"`
	Warnings []string       `json:"warnings,omitempty"` // what others could change, and what keeps it from running here and now
}

type checkProblem struct {
	Line    int    `json:"line,omitempty"` // from 1; absent where the problem is the whole file
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func check(ctx context.Context, std IO, file string, output format) error {
	answer := checkAnswer{File: cmp.Or(file, definition.DefaultFile)}
	svc, warnings, err := judgeDefinition(ctx, file)
	if err != nil {
		fmt.Fprintln(std.Err, err)
		err = &exitError{code: ExitUsage, err: err, silent: true}
		answer.Errors = problems(err)
	} else {
		answer.Warnings = warnings
		answer.Valid, answer.Service = true, svc.Name
		for i := range svc.Programs {
			answer.Programs = append(answer.Programs, svc.Programs[i].Name)
		}
		if unsafe := (*namedfiles.UnsafeError)(nil); errors.As(namedfiles.Check(svc, namedfiles.AsCaller), &unsafe) {
			answer.Warnings = append(answer.Warnings, unsafe.Lines()...)
		}
	}
	if output == formatJSON {
		if werr := writeJSON(std.Out, answer); werr != nil {
			return &exitError{code: ExitFailed, err: werr}
		}
		return err
	}
	if err == nil {
		if _, werr := fmt.Fprintf(std.Out, "%s: service %s, %s\n", answer.File, answer.Service, listPrograms(answer.Programs)); werr != nil {
			return &exitError{code: ExitFailed, err: werr}
		}
		for _, w := range answer.Warnings {
			fmt.Fprintln(std.Err, "warning:", w)
		}
	}
	return err
}

// judgeDefinition reads a definition as whoever will run it: the service that was installed with it, else this terminal.
func judgeDefinition(ctx context.Context, file string) (def *definition.Service, warnings []string, err error) {
	name := plainName(cmp.Or(file, definition.DefaultFile))
	if name != "" && install.InstalledFrom(name, cmp.Or(file, definition.DefaultFile)) {
		if def, err = install.JudgeInstalled(ctx, name, cmp.Or(file, definition.DefaultFile)); err != nil {
			return nil, nil, err
		}
	} else {
		if def, err = readDefinition(file, installable); err != nil {
			return nil, nil, err
		}
		if wrong := launchplan.Unenforceable(def); wrong != nil {
			return nil, nil, wrong
		}
		here := launchplan.BoundsOf(os.Getpid())
		for _, beyond := range here.Beyond(def) {
			warnings = append(warnings, beyond.Error())
		}
		if many := here.TooManyPrograms(def); many != "" {
			warnings = append(warnings, many)
		}
	}
	warnings = append(append(warnings, envfile.Problems(def)...), namedfiles.MisplacedScripts(def)...)
	warnings = append(warnings, install.MissingDependencies(ctx, manager.Manager{}, def)...)
	return def, append(warnings, readers.Unknown(def.Control.Readers)...), nil
}

// installable looks a variable up in this environment, and among those that systemd gives a service for its folders: which one that
// will be isn't known before the definition is read.
func installable(name string) (string, bool) {
	if value, ok := os.LookupEnv(name); ok {
		return value, true
	}
	return install.FolderVariable(name, "")
}

func problems(err error) []checkProblem {
	var errs definition.Errors
	if !errors.As(err, &errs) {
		return []checkProblem{{Message: err.Error()}}
	}
	list := make([]checkProblem, len(errs))
	for i, e := range errs {
		list[i] = checkProblem{Line: e.Pos.Line, Column: e.Pos.Column, Path: e.Path, Message: e.Msg}
	}
	return list
}

// listPrograms names the programs, the first twenty where there are more.
func listPrograms(names []string) string {
	const most = 20
	noun := "programs"
	if len(names) == 1 {
		noun = "program"
	}
	shown, rest := names, ""
	if len(names) > most {
		shown, rest = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	return fmt.Sprintf("%d %s: %s%s", len(names), noun, strings.Join(shown, ", "), rest)
}
