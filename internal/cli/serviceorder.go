package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// orderService gives an order to an installed service as a whole, and prints what it did. handled is false where the order is for the
// supervisor alone.
func orderService(ctx context.Context, std IO, t target, c control.Command, doing string, timeout time.Duration, output format) (handled bool, err error) {
	c.Program = t.program
	o := operate.Order{Service: t.service, Command: c, Timeout: timeout, Progress: func(doing string) (end func()) {
		return screen.Progress(std.Err, doing)
	}}
	o.Judge = func(file string) error {
		_, err := install.JudgeInstalled(ctx, t.service, file)
		return err
	}
	r, handled, err := o.Run(ctx)
	var wrong *operate.DefinitionError
	var notUp *operate.NotUpError
	switch {
	case errors.As(err, &wrong) && output == formatJSON:
		if err := writeJSON(std.Out, control.Answer{Results: []control.ProgramResult{}, Errors: wrong.Errors}); err != nil {
			return true, &exitError{code: ExitFailed, err: err}
		}
		return true, &exitError{code: ExitUsage, err: wrong}
	case errors.As(err, &wrong):
		fmt.Fprintln(std.Err, plainLines(wrong.Errors))
		return true, &exitError{code: ExitUsage, err: errors.New("the definition has errors; nothing was stopped")}
	case !handled:
		return false, err
	case errors.As(err, &notUp):
		return true, reportService(std, t.service, c.Verb, r, output, notUp)
	case timeout > 0 && errors.Is(err, context.DeadlineExceeded):
		return true, goesOn(doing, t, timeout)
	case err != nil:
		return true, serviceFailure(err)
	}
	return true, reportService(std, t.service, c.Verb, r, output, nil)
}

// plainLines joins the errors of a definition, a line each, with nothing in them that a terminal obeys.
func plainLines(list []string) string {
	var lines []string
	for _, text := range list {
		lines = append(lines, plaintext.Line(text))
	}
	return strings.Join(lines, "\n")
}

// reportService prints what became of the programs, then of the service; notUp: not all of them are up.
func reportService(std IO, service string, verb control.Verb, r operate.Result, output format, notUp *operate.NotUpError) error {
	var err error
	as := control.VerbStop
	if r.Up {
		as = verb
	}
	if output == formatJSON {
		err = writeJSON(std.Out, r)
	} else {
		for _, p := range r.Results {
			if err == nil {
				err = printResult(std, as, p)
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
			err = printLine(std.Out, "%s: %s", service, text)
		}
	}
	switch {
	case err != nil:
		return &exitError{code: ExitFailed, err: err}
	case notUp != nil:
		return &exitError{code: ExitFailed, err: notUp, silent: len(notUp.Results) > 0 && notUp.Ended == ""} // each was said
	}
	return nil
}
