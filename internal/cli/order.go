package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

// order is one of the verbs that tell a supervisor what to do with its programs.
type order struct {
	verb    control.Verb
	doing   string // "stopping"
	short   string
	long    string
	example string
}

func newStart(std IO) *cobra.Command {
	return newOrder(std, order{
		verb: control.VerbStart, doing: "starting",
		short: "Start a service's programs, or one of them",
		long: `Programs are started in the order of their dependencies, and with them what they depend on.
The answer comes when they have run (been ready, where they have a readiness probe) for a second, or are completed, or can't.
An installed service that isn't running is started as a whole, by Windows or systemd. One that isn't installed must run already:
daruma run FILE brings it.`,
		example: `  daruma start shop           every program of shop
  daruma start shop/worker    one of them`,
	})
}

func newStop(std IO) *cobra.Command {
	return newOrder(std, order{
		verb: control.VerbStop, doing: "stopping",
		short: "Stop a service's programs, or one of them",
		long: `Each program gets its preStop hook, its stop signal and its grace period; then whatever is left of its
tree is ended by force. Those that depend on it are stopped first. The answer says which step ended it.

A stopped program stays down until daruma start or restart. Stopping all of an installed service stops the
service, too, so that Windows or systemd doesn't bring it back before the next boot; in a terminal daruma stays, so that it can be asked.`,
		example: `  daruma stop shop/worker
  daruma stop shop --grace 2s     not more than 2 s for each, whatever the definition says
  daruma stop shop/api -o json`,
	})
}

func newRestart(std IO) *cobra.Command {
	return newOrder(std, order{
		verb: control.VerbRestart, doing: "restarting",
		short: "Stop and start a service's programs, or one of them",
		long: `Like stop and start as one order. A program that was stopped, failed or in backoff is started.
The answer comes when the new run has been up for a second, or can't be, and says how the old one ended. All of an installed service is
restarted by Windows or systemd: with daruma itself, and with settings that were changed since.`,
		example: `  daruma restart shop/api --reason "new certificate"
  daruma restart shop`,
	})
}

func newPause(std IO) *cobra.Command {
	return newOrder(std, order{
		verb: control.VerbPause, doing: "pausing",
		short: "Freeze running programs where they are",
		long: `The processes keep their memory, files and sockets but get no time on a processor, and probes leave
them alone, until daruma resume. Only a running program can be paused.`,
		example: `  daruma pause shop/worker
  daruma resume shop/worker`,
	})
}

func newResume(std IO) *cobra.Command {
	return newOrder(std, order{
		verb: control.VerbResume, doing: "resuming",
		short:   "Let paused programs go on",
		long:    `The processes go on where they were frozen, and are probed again.`,
		example: `  daruma resume shop/worker`,
	})
}

// orderFlags are what an order may be given.
type orderFlags struct {
	output  *format
	timeout time.Duration
	grace   time.Duration
	reason  string
}

func newOrder(std IO, o order) *cobra.Command {
	var f orderFlags
	cmd := &cobra.Command{
		Use:   string(o.verb) + " [NAME[/PROGRAM]]",
		Short: o.short,
		Long: o.short + ".\n\n" + o.long + `

NAME may be left out where exactly one service runs.
Exit codes: 0 done, 1 not done (the answer says why), 2 wrong usage or no such program, 3 the service isn't running.`,
		Example:           o.example,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	f.output = outputFlag(cmd)
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "wait this long for the answer (for example 30s); what was begun goes on after that")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for events and incidents")
	if o.verb == control.VerbStop || o.verb == control.VerbRestart {
		cmd.Flags().DurationVar(&f.grace, "grace", 0, "instead of each program's terminationGracePeriodSeconds (for example 2.5s; 0: end it at once)")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := targetOf(cmd.Context(), std, args)
		if err != nil {
			return err
		}
		c := control.Command{Verb: o.verb, Program: t.program, Reason: f.reason}
		if o.verb == control.VerbStart || o.verb == control.VerbRestart {
			c.MinReadySeconds = operate.MinReadySeconds
		}
		if f.reason == "" {
			c.Reason = fmt.Sprintf("daruma %s by %s", o.verb, operate.UserName())
		}
		if cmd.Flags().Changed("grace") {
			if f.grace < 0 {
				return &exitError{code: ExitUsage, err: fmt.Errorf("--grace must be 0 or more, is %v", f.grace)}
			}
			seconds := f.grace.Seconds()
			c.GraceSeconds = &seconds
		}
		if handled, err := orderService(cmd.Context(), std, t, c, o.doing, f.timeout, *f.output); handled || err != nil {
			return err
		}
		answer, err := sendOrder(cmd.Context(), std, t, c, o.doing, f.timeout)
		if err != nil {
			return err
		}
		return printAnswer(std, t, c.Verb, answer, *f.output)
	}
	return cmd
}

// sendOrder sends the order and waits for the answer, at most timeout (0: as long as it takes), with a sign of life on a terminal.
func sendOrder(ctx context.Context, std IO, t target, c control.Command, doing string, timeout time.Duration) (control.Answer, error) {
	if err := c.Validate(); err != nil {
		return control.Answer{}, &exitError{code: ExitUsage, err: err}
	}
	client, err := control.Dial(t.service)
	if err != nil {
		return control.Answer{}, clientFailure(t.service, err)
	}
	if timeout < 0 {
		return control.Answer{}, &exitError{code: ExitUsage, err: fmt.Errorf("--timeout must be more than 0, is %v", timeout)}
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	end := screen.Progress(std.Err, doing+" "+t.String())
	answer, err := client.Command(ctx, c)
	end()
	if errors.Is(err, context.DeadlineExceeded) {
		return answer, goesOn(doing, t, timeout)
	}
	return answer, clientFailure(t.service, err)
}

// goesOn says that the time to wait is over, and the order isn't, and because of whom.
func goesOn(doing string, t target, timeout time.Duration) error {
	return &exitError{code: ExitFailed, err: fmt.Errorf("%s %s isn't over after %v and goes on%s; see: daruma status %s",
		doing, t, timeout, stillOpen(t, doing == "stopping"), t.service)}
}

// printAnswer prints what the order did.
func printAnswer(std IO, t target, verb control.Verb, a control.Answer, output format) error {
	var err error
	if output == formatJSON {
		err = writeJSON(std.Out, a)
	} else {
		for _, r := range a.Results {
			if err = printResult(std, verb, r); err != nil {
				break
			}
		}
		if len(a.Results) == 0 {
			_, err = fmt.Fprintf(std.Out, "%s has no programs\n", t.service)
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	for _, r := range a.Results {
		if !r.Done {
			return &exitError{code: ExitFailed, err: errors.New("not done"), silent: true}
		}
	}
	return nil
}

// printResult prints what the order did to a program.
func printResult(std IO, verb control.Verb, r control.ProgramResult) error {
	out := std.Out
	if !r.Done {
		out = std.Err
	}
	return printLine(out, "%s: %s", r.Program, outcome(verb, r))
}
