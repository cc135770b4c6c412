package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// showServedLogs shows the logs of a service whose files are closed to this user, as its supervisor gives them to readers. served is false where
// it gives them to somebody else alone, or doesn't run.
func showServedLogs(ctx context.Context, std IO, t target, q logread.Query, flags logsFlags) (served bool, err error) {
	client, err := control.Dial(t.service)
	if err != nil {
		return false, nil
	}
	st, err := client.Status(ctx)
	if err != nil {
		return false, nil
	}
	var names []string
	for _, p := range st.Programs {
		names = append(names, p.Name)
	}
	if t.program != "" {
		if !slices.Contains(append(names, logfile.Own), t.program) {
			return true, &exitError{code: ExitFailed, err: &control.UnknownProgramError{Program: t.program, Known: names}}
		}
		names = []string{t.program}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := bufio.NewWriterSize(screen.Unguarded(std.Out), 64<<10)
	p := newLogPrinter(std, out, names, t.program == "", flags)
	err = client.Logs(ctx, control.LogQuery{Program: t.program, Last: q.Last, Since: q.Since, Until: q.Until, Follow: q.Follow, Raw: q.Raw}, func(l control.LogLine) error {
		if l.Warning != "" {
			out.Flush()
			return printLine(std.Err, "daruma: %s", l.Warning)
		}
		if err := p.print(lineOf(l)); err != nil || !q.Follow {
			return err
		}
		return out.Flush() // nobody says when there is nothing more
	})
	if end := p.end(); err == nil {
		err = end
	}
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return true, nil
	}
	return true, &exitError{code: ExitFailed, err: fmt.Errorf("logs of %s: %w", t, err)}
}

func lineOf(l control.LogLine) logread.Line {
	line := logread.Line{Program: l.Program, Generation: l.Generation, Stream: l.Stream, Text: l.Text(), Partial: l.Partial}
	if l.Time != nil {
		line.Time = *l.Time
	}
	return line
}
