package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/control"
)

func newEvents(std IO) *cobra.Command {
	var follow bool
	var count int
	cmd := &cobra.Command{
		Use:   "events [NAME[/PROGRAM]]",
		Short: "Show what happened to a service's programs, and what happens",
		Long: `Show what happened to a service's programs: starts, exits, probes that fail, restarts and why.

The supervisor remembers the last 1,000 events. What fell and stood up again is kept for good: see daruma incidents.
With -f the stream goes on over a restart of the supervisor, until Ctrl+C.

NAME may be left out where exactly one service runs.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the service isn't running.`,
		Example: `  daruma events shop            what is remembered
  daruma events shop/api -f     the last 10, and what happens from now on
  daruma events shop -f -o json | jq 'select(.kind == "exited")'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "stay, and show what happens")
	cmd.Flags().IntVarP(&count, "lines", "n", 0, "show this many past events (default all; with -f 10)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := targetOf(cmd.Context(), std, args)
		if err != nil {
			return err
		}
		if !cmd.Flags().Changed("lines") {
			count = control.Remembered
			if follow {
				count = 10
			}
		} else if count < 0 {
			return &exitError{code: ExitUsage, err: fmt.Errorf("-n must be 0 or more, is %d", count)}
		}
		return showEvents(cmd.Context(), std, t, min(count, control.Remembered), follow, *output)
	}
	return cmd
}

// showEvents prints the last count events of the target, and goes on with what happens where follow says so.
func showEvents(ctx context.Context, std IO, t target, count int, follow bool, output format) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := control.Dial(t.service)
	if err != nil {
		return clientFailure(t.service, err)
	}
	last, past, err := pastEvents(ctx, client, t, count)
	if err != nil {
		return clientFailure(t.service, err)
	}
	for _, e := range past {
		if err := printEvent(std, e, output); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
	}
	if !follow {
		return nil
	}
	return followEvents(ctx, std, client, t, last, output)
}

// pastEvents gives the last count remembered events of the target, and the number of the last of all.
func pastEvents(ctx context.Context, client *control.Client, t target, count int) (uint64, []control.Event, error) {
	st, err := client.Status(ctx)
	if err != nil {
		return 0, nil, err
	}
	if t.program != "" {
		if _, err := onlyProgram([]view{{Status: st}}, t.program); err != nil {
			return 0, nil, err
		}
	}
	last, past := st.EventSeq, []control.Event(nil)
	from := uint64(0)
	err = client.Events(ctx, control.From{Since: &from}, func(e control.Event) error {
		last = e.Seq
		if t.program != "" && e.Program != t.program {
			return nil
		}
		past = append(past, e)
		if len(past) > count {
			past = past[1:]
		}
		return nil
	})
	return last, past, err
}

// followEvents prints what happens after the event number last, whichever supervisor is in charge, until ctx ends.
func followEvents(ctx context.Context, std IO, client *control.Client, t target, last uint64, output format) error {
	var unprintable error
	said := false
	for {
		err := client.Events(ctx, control.From{Since: &last, Follow: true}, func(e control.Event) error {
			last, said = e.Seq, false
			if t.program != "" && e.Program != t.program {
				return nil
			}
			unprintable = printEvent(std, e, output)
			return unprintable
		})
		var api *control.APIError
		var denied *control.PermissionError
		switch {
		case ctx.Err() != nil:
			return nil
		case unprintable != nil:
			return &exitError{code: ExitFailed, err: unprintable}
		case errors.As(err, &api), errors.As(err, &denied):
			return clientFailure(t.service, err)
		case errors.Is(err, control.ErrLagged):
			fmt.Fprintln(std.Err, "daruma: events were missed here: they came faster than they were read")
		case !said:
			said = true
			fmt.Fprintf(std.Err, "daruma: the supervisor of %s is gone or being replaced; waiting for the next one\n", t.service)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// printEvent prints one event in a line.
func printEvent(std IO, e control.Event, output format) error {
	if output == formatJSON {
		text, err := jsonLine(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.Out, "%s\n", text)
		return err
	}
	parts := []string{e.Time.Local().Format("2006-01-02 15:04:05.000")}
	if e.Program == "" {
		parts = append(parts, "(service)")
	} else {
		parts = append(parts, e.Program)
	}
	parts = append(parts, string(e.Kind))
	var more []string
	if e.Generation != 0 {
		more = append(more, fmt.Sprintf("run %d", e.Generation))
	}
	if e.PID != 0 {
		more = append(more, fmt.Sprintf("pid %d", e.PID))
	}
	if len(more) > 0 {
		parts = append(parts, "("+strings.Join(more, ", ")+")")
	}
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	return printLine(std.Out, "%s", strings.Join(parts, "  "))
}
