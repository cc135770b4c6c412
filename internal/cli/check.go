package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
)

func newCheck(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Validate a definition: every problem in one go, with its place",
		Long: `Validate a definition without starting anything. FILE is daruma.yaml of the current folder where it is left out.

Every problem is printed as FILE:LINE:COLUMN: FIELD: what is wrong and what would be right, all of them in one go.
Variables such as ${PORT} are looked up in this environment, so that one that is missing is found too.
What others than you and administrators could change, the definition or a file that it names, is a warning: an installed service and
root don't take it. The exit code is 0 where the definition is right, and 2 where it isn't.`,
		Example: `  daruma check
  daruma check /etc/daruma/shop/daruma.yaml
  daruma check -o json | jq -r '.errors[].message'`,
		Args: cobra.MaximumNArgs(1),
	}
	output := outputFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		file := ""
		if len(args) > 0 {
			file = args[0]
		}
		return check(std, file, *output)
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
	Warnings []string       `json:"warnings,omitempty"` // what others could change
}

type checkProblem struct {
	Line    int    `json:"line,omitempty"` // from 1; absent where the problem is the whole file
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func check(std IO, file string, output format) error {
	answer := checkAnswer{File: cmp.Or(file, definition.DefaultFile)}
	svc, err := loadDefinition(std, file)
	if err != nil {
		answer.Errors = problems(err)
	} else {
		answer.Valid, answer.Service = true, svc.Name
		for i := range svc.Programs {
			answer.Programs = append(answer.Programs, svc.Programs[i].Name)
		}
		if unsafe := (*access.UnsafeError)(nil); errors.As(access.Check(svc, access.AsCaller), &unsafe) {
			answer.Warnings = unsafe.Lines()
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
