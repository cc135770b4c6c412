package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

// orderService gives an order to an installed service as a whole, and prints what it did. handled is false where the order is for the
// supervisor alone.
func orderService(ctx context.Context, std IO, t target, c control.Command, timeout time.Duration, output format) (handled bool, err error) {
	c.Program = t.program
	o := operate.Order{Service: t.service, Command: c, Timeout: timeout, Progress: func(doing string) (end func()) {
		return screen.Progress(std.Err, doing)
	}}
	r, handled, err := o.Run(ctx)
	var supervisor *operate.SupervisorError
	switch {
	case !handled:
		return false, err
	case errors.As(err, &supervisor) && errors.Is(err, context.DeadlineExceeded):
		return true, goesOn("stopping", t, timeout)
	case errors.As(err, &supervisor):
		return true, clientFailure(t.service, supervisor.Err)
	case err != nil:
		return true, serviceFailure(err)
	}
	return true, reportService(std, t.service, c.Verb, r, output)
}

// reportService prints what became of the programs, then of the service.
func reportService(std IO, service string, verb control.Verb, r operate.Result, output format) error {
	var err error
	if output == formatJSON {
		err = writeJSON(std.Out, r)
	} else {
		for _, p := range r.Results {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "%s: %s\n", p.Program, outcome(control.VerbStop, p))
			}
		}
		text := "already stopped"
		if !r.AlreadyStopped {
			text = fmt.Sprintf("%s after %s", done(verb), screen.Seconds(float64(r.Took.Milliseconds())))
		}
		if r.System != nil {
			state, _ := operate.Describe(*r.System)
			text += "; the service is " + state
		}
		if err == nil {
			_, err = fmt.Fprintf(std.Out, "%s: %s\n", service, text)
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}
