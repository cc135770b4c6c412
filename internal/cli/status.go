package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// view is one service as status shows it: what the supervisor answered, or why it didn't.
type view struct {
	Running bool   `json:"running"` // a supervisor is in charge
	Problem string `json:"problem,omitempty"`
	control.Status
	System *manager.Status `json:"system,omitempty"` // what the service manager says, where no supervisor answers and the service is installed
	Ended  *wanted.State   `json:"ended,omitempty"`  // nobody stopped it: when it ended by itself, and why

	err error
}

func newStatus(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [NAME[/PROGRAM]]",
		Short: "Show what runs, since when, and why not",
		Long: `Show the programs of a service, or without NAME those of all services known here.

STATE   stopped, waiting (for a dependency), starting, running, stopping, backoff (waits before it is
        restarted), paused, failed (given up) or completed (ended as it should).
        Of an installed service that doesn't run: what sc query or systemctl says, with the codes.
READY   whether its readiness probe succeeds; without one, whether it has started.
REASON  the last decision in words, and what probes complain about.

Exit codes:
  0  every program that is wanted runs, or has completed
  1  a service couldn't be asked, because it belongs to another user or to the system for example
  2  wrong usage, or no such program
  3  a service's supervisor isn't there, or a wanted program isn't running: it is waiting, starting,
     in backoff, paused or failed. A program that was stopped by request isn't wanted. One that runs
     but isn't ready does run.`,
		Example: `  daruma status                 all services
  daruma status shop            the programs of shop
  daruma status shop/api -o json
  daruma status --watch         stay, and show changes at once; q ends it`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	watch := cmd.Flags().BoolP("watch", "w", false, "stay, and show every change; q or Ctrl+C ends it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var t target
		if len(args) > 0 {
			var err error
			if t, err = parseTarget(args[0]); err != nil {
				return err
			}
			if t.service == "" { // "/api": of the only service that runs
				if t, err = targetOf(cmd.Context(), std, args); err != nil {
					return err
				}
			}
		}
		if *watch {
			return watchStatus(cmd.Context(), std, t, *output)
		}
		return showStatus(cmd.Context(), std, t, *output)
	}
	return cmd
}

// showStatus prints the status once.
func showStatus(ctx context.Context, std IO, t target, output format) error {
	waiting := "waiting for supervisors that don't answer"
	if t.service != "" {
		waiting = "waiting for the supervisor of " + t.service + ", which is being started or replaced, or hangs"
	}
	end := screen.Progress(std.Err, waiting)
	views, err := readViews(ctx, t)
	end()
	if err != nil {
		return err
	}
	if t.service != "" {
		if v := views[0]; v.err != nil && v.System == nil && output == formatText {
			return clientFailure(t.service, v.err)
		}
	}
	if len(views) == 0 {
		err = elsewhere("")
	}
	switch {
	case err != nil && output == formatJSON:
		err = errors.Join(writeJSON(std.Out, views), err)
	case err != nil:
	case output == formatJSON && t.service != "":
		err = writeJSON(std.Out, views[0])
	case output == formatJSON:
		err = writeJSON(std.Out, views)
	case len(views) == 0:
		_, err = fmt.Fprintln(std.Err, "daruma: no service is known here. Start one with: daruma run FILE")
	default:
		_, err = fmt.Fprint(std.Out, table(screen.Of(std.Out), views, time.Now()))
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if code := exitCodeOf(views); code != ExitDone {
		return &exitError{code: code, err: errors.New("not everything runs"), silent: true}
	}
	return nil
}

// readViews asks the service that t names, or all that are known, at once. With a program in t only that is left.
func readViews(ctx context.Context, t target) ([]view, error) {
	names := []string{t.service}
	if t.service == "" {
		var err error
		if names, err = folders.Services(); err != nil {
			return nil, servicesFailure(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second) // the supervisor's own limit is 5 s
	defer cancel()
	views := make([]view, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { views[i] = readView(ctx, name) })
	}
	wg.Wait()
	if t.program == "" || !views[0].Running {
		return views, nil
	}
	return onlyProgram(views, t.program)
}

func readView(ctx context.Context, name string) view {
	v := view{Status: control.Status{Service: name, Programs: []control.ProgramStatus{}}}
	c, err := control.Dial(name)
	if err == nil {
		var st control.Status
		if st, err = c.Status(ctx); err == nil {
			return view{Running: true, Status: st}
		}
	}
	if system := elsewhere(name); system != nil && errors.Is(err, control.ErrNotRunning) {
		err = system
	}
	v.err, v.Problem = err, inWords(err).Error()
	if status, ok := operate.Status(ctx, name); ok {
		v.System = &status
		v.Ended = endedByItself(name, status)
	}
	return v
}

// endedByItself gives the note of a service that nobody stopped, and that doesn't run; nil where it was stopped, or nothing can be read.
func endedByItself(name string, s manager.Status) *wanted.State {
	place, err := folders.Of(name)
	if err != nil || operate.HasProcess(s) {
		return nil
	}
	if w, ok := wanted.Load(place); ok && w.Ended {
		return &w
	}
	return nil
}

// onlyProgram leaves one program of the one service in views.
func onlyProgram(views []view, program string) ([]view, error) {
	var known []string
	for _, p := range views[0].Programs {
		if p.Name == program {
			views[0].Programs = []control.ProgramStatus{p}
			return views, nil
		}
		known = append(known, p.Name)
	}
	return nil, &exitError{code: ExitUsage, err: &control.UnknownProgramError{Program: program, Known: known}}
}

// exitCodeOf is the exit code that the status command's help explains.
func exitCodeOf(views []view) int {
	code := ExitDone
	for _, v := range views {
		switch {
		case errors.Is(v.err, control.ErrNotRunning):
			code = ExitNotRunning
		case v.err != nil:
			return ExitFailed
		}
		for _, p := range v.Programs {
			if p.Wanted && (p.Paused || p.State != control.StateRunning && p.State != control.StateCompleted) {
				code = ExitNotRunning
			}
		}
	}
	return code
}
