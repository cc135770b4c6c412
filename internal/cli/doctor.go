package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/doctor"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/service/manager"
)

// examined is what doctor found of one service, or of daruma itself where no service is named.
type examined struct {
	Service  string           `json:"service,omitempty"`
	Findings []doctor.Finding `json:"findings"`
}

func newDoctor(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [NAME]",
		Short: "Look over an installation: will it come back, and is it safe",
		Long: `Looks over an installed service, or all of them: is it there and as it was installed, is its path quoted and right, can only
administrators change what it runs, does the service manager start it again, are the event source and the fallback in place,
and, on Windows, does Fast Startup keep it from a fresh start. Nothing is changed; what isn't right comes with what to do.

Without a name it looks over daruma itself first: which file and version this is, whether PATH finds it and no other, and who may
change it. In JSON that is the element without a service.

Run it as administrator or root: who may only look sees less, and is told so.

Exit codes: 0 nothing failed (there may be warnings), 1 something did, 2 wrong usage.`,
		Example: `  daruma doctor
  daruma doctor shop
  daruma doctor -o json | jq '.[].findings[] | select(.level == "fail")'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	verbose := cmd.Flags().BoolP("all", "a", false, "print what is right, too, and what wasn't looked at")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		list, err := examine(cmd.Context(), args)
		if err != nil {
			return err
		}
		if *output == formatJSON {
			err = writeJSON(std.Out, list)
		} else {
			_, err = fmt.Fprint(std.Out, doctorText(list, *verbose))
		}
		if err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		for _, e := range list {
			if doctor.Failed(e.Findings) {
				return &exitError{code: ExitFailed, err: errors.New("a check failed"), silent: true}
			}
		}
		return nil
	}
	return cmd
}

// examine checks the named service, or daruma itself and every service that is installed.
func examine(ctx context.Context, args []string) ([]examined, error) {
	names := args
	var list []examined
	if len(args) == 0 {
		list = append(list, examined{Findings: doctor.Itself()})
		known, err := folders.Services()
		if err != nil {
			return nil, servicesFailure(err)
		}
		for _, name := range append(known, folders.OfTheSystem()...) {
			if _, err := (manager.Manager{}).Status(ctx, name); !errors.Is(err, manager.ErrNotInstalled) {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		findings, err := doctor.Run(ctx, manager.Manager{}, name)
		if err != nil {
			return nil, &exitError{code: ExitUsage, err: err}
		}
		list = append(list, examined{name, findings})
	}
	return list, nil
}

// doctorText prints what isn't right, a finding a line with the remedy under it; with all the rest, too.
func doctorText(list []examined, all bool) string {
	var b strings.Builder
	for _, e := range list {
		count := map[doctor.Level]int{}
		for _, f := range e.Findings {
			count[f.Level]++
		}
		name, all := e.Service, all
		if name == "" {
			name, all = "daruma itself", true // a few lines, which one asks for to know them
		}
		fmt.Fprintf(&b, "%s: %d ok, %d to look at, %d failed\n", name, count[doctor.OK], count[doctor.Warn], count[doctor.Fail])
		for _, f := range e.Findings {
			if !all && (f.Level == doctor.OK || f.Level == doctor.Skip) {
				continue
			}
			fmt.Fprintf(&b, "  %-4s %-13s %s\n", f.Level, f.Check, strings.ReplaceAll(f.Text, "\n", "\n"+strings.Repeat(" ", 21)))
			if f.Remedy != "" {
				fmt.Fprintf(&b, "  %-18s → %s\n", "", f.Remedy)
			}
		}
	}
	if len(list) == 1 && list[0].Service == "" {
		b.WriteString("no service is installed here\n")
	}
	return b.String()
}
