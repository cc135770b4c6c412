package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

func newControl(std IO) *cobra.Command {
	var output *format
	var timeout time.Duration
	var reason string
	cmd := &cobra.Command{
		Use:   "control NAME[/PROGRAM] CODE",
		Short: "Run the hooks that programs have for a control code",
		Long: `Runs lifecycle.onControl of every program that has a hook for the code, or of one program, and waits until all are done. A code
is a number from 128 to 255; what it means is the definition's affair. On Windows sc control NAME CODE does the same without
waiting, and daruma events NAME tells what became of it.

Exit codes: 0 done, 1 a hook failed or there is none for the code, 2 wrong usage or no such program, 3 the service isn't running.`,
		Example: `  daruma control shop 130
  daruma control shop/api 130 --reason "certificate renewed"`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeTarget,
	}
	output = outputFlag(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "wait this long for the answer (for example 30s); what was begun goes on after that")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for events")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := targetOf(cmd.Context(), std, args[:1])
		if err != nil {
			return err
		}
		code, err := strconv.Atoi(args[1])
		if err != nil {
			return &exitError{code: ExitUsage, err: fmt.Errorf("%q is no control code: a number from 128 to 255", args[1])}
		}
		c := control.Command{Verb: control.VerbControl, Program: t.program, Code: code, Reason: reason}
		if reason == "" {
			c.Reason = "daruma control by " + operate.UserName()
		}
		answer, err := sendOrder(cmd.Context(), std, t, c, "running the hooks of", timeout)
		if err != nil {
			return err
		}
		return printAnswer(std, t, c.Verb, answer, *output)
	}
	return cmd
}
