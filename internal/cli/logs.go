package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// followLast is how many lines of each program -f shows of what is there, without -n or --since.
const followLast = 10

// logsFlags are the flags of daruma logs.
type logsFlags struct {
	follow, timestamps bool
	raw                bool
	last               string
	since, until       string
	output             *format
}

func newLogs(std IO) *cobra.Command {
	var flags logsFlags
	cmd := &cobra.Command{
		Use:   "logs NAME[/PROGRAM]",
		Short: "Show what programs wrote",
		Long: `Show what the programs of a service wrote, across rotated and compressed files, those of several programs in the
order of time. It reads the files: the service needn't run. A reader of the service (control.readers in its definition), whom these files are closed to, is
shown them by the running service.

Without -n and --since everything is shown; with -f alone the last 10 lines of each program and then what comes.
NAME/daruma is daruma's own log.

On a terminal escape sequences and other control characters are shown (^[ for ESC), not obeyed, except colours. Output to a file or
pipe, and with --raw that to a terminal, is what the program wrote, byte for byte. Where logs.encoding is set, what is shown is decoded,
but not with --raw.`,
		Example: `  daruma logs shop                      everything, all programs
  daruma logs shop/api -f               the last lines, then what comes, until Ctrl+C
  daruma logs shop -n 100               the last 100 lines of each program
  daruma logs shop --since 10m          or 2h, 3d, "2026-11-22 10:00", 2026-11-22T10:00:00Z
  daruma logs shop -o json | jq .message`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeTarget,
	}
	cmd.Flags().BoolVarP(&flags.follow, "follow", "f", false, "stay, and show what comes; Ctrl+C ends it")
	cmd.Flags().StringVarP(&flags.last, "tail", "n", "", "so many last lines of each program; 0 none, all every one")
	cmd.Flags().StringVar(&flags.since, "since", "", "lines from this time on: an age (10m, 2h, 3d) or a time")
	cmd.Flags().StringVar(&flags.until, "until", "", "lines before this time, likewise")
	cmd.Flags().BoolVarP(&flags.timestamps, "timestamps", "t", false, "begin each line with the time at which it was captured")
	cmd.Flags().BoolVar(&flags.raw, "raw", false, "the bytes as they are, not decoded, and to a terminal, which obeys what is in them")
	flags.output = outputFlag(cmd)
	cmd.AddCommand(newLogsShipper(std))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := targetOf(cmd.Context(), std, args)
		if err != nil {
			return err
		}
		query, err := flags.query(time.Now())
		if err != nil {
			return &exitError{code: ExitUsage, err: err}
		}
		return showLogs(cmd.Context(), std, t, query, flags)
	}
	return cmd
}

// query makes the flags a query; now is what ages count from.
func (f logsFlags) query(now time.Time) (logread.Query, error) {
	q := logread.Query{Follow: f.follow, Raw: f.raw}
	var err error
	if q.Since, err = parseTime("--since", f.since, now); err != nil {
		return q, err
	}
	if q.Until, err = parseTime("--until", f.until, now); err != nil {
		return q, err
	}
	if f.follow && f.until != "" {
		return q, errors.New("--follow and --until exclude each other: what comes is after now")
	}
	switch {
	case f.last == "all":
	case f.last == "" && f.follow && f.since == "":
		q.Last = followLast
	case f.last != "":
		n, err := strconv.Atoi(f.last)
		if err != nil || n < 0 {
			return q, fmt.Errorf("-n %q: must be a number of lines, 0 or more, or all", f.last)
		}
		if q.Last = n; n == 0 {
			q.Last = logread.None
		}
	}
	return q, nil
}

// parseTime reads an age or a time; local where it names no zone. "" is the zero time.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 {
			return now.Add(-time.Duration(n * 24 * float64(time.Hour))), nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04:05", "15:04"} { // of today
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			y, m, d := now.Date()
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
		}
	}
	return time.Time{}, fmt.Errorf(`%s %q: must be an age (10m, 2h, 3d) or a time (10:00, "2026-11-22 10:00", 2026-11-22T10:00:00Z)`, flag, text)
}

func showLogs(ctx context.Context, std IO, t target, q logread.Query, flags logsFlags) error {
	dir, err := folders.Seen(t.service)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	names, err := logread.Programs(dir.Logs)
	if errors.Is(err, os.ErrPermission) {
		if served, err := showServedLogs(ctx, std, t, q, flags); served {
			return err
		}
		return &exitError{code: ExitFailed, err: fmt.Errorf("the logs of %s can't be read by you: %w", t.service, withRights(err))}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if err := logsExist(t, dir, names); err != nil {
		return err
	}
	if t.program != "" {
		q.Programs, names = []string{t.program}, []string{t.program}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := bufio.NewWriterSize(screen.Unguarded(std.Out), 64<<10) // the printer cleans line by line
	q.Warn = func(err error) {
		out.Flush()
		fmt.Fprintf(std.Err, "daruma: %v\n", err)
	}
	p := newLogPrinter(std, out, names, t.program == "", flags)
	q.Idle = func() { out.Flush() }
	err = logread.Read(ctx, dir.Logs, q, p.print)
	if end := p.end(); err == nil {
		err = end
	}
	// An interrupted follower has done what it was asked for; a reader that has seen enough (| head) isn't our failure.
	if errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: fmt.Errorf("logs of %s: %w", t, err)}
	}
	return nil
}

// logsExist is an error where the target has no logs, which names those that there are.
func logsExist(t target, dir folders.Folders, names []string) error {
	if t.program == "" && len(names) > 0 || slices.Contains(names, t.program) {
		return nil
	}
	known, err := folders.Services()
	if err != nil {
		return servicesFailure(err)
	}
	if _, err := os.Stat(dir.Logs); err != nil && !slices.Contains(known, t.service) {
		if err := elsewhere(t.service); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		if len(known) == 0 {
			return &exitError{code: ExitFailed, err: fmt.Errorf("no service %s here, nor any other", t.service)}
		}
		return &exitError{code: ExitFailed, err: fmt.Errorf("no service %s here; known are %s", t.service, strings.Join(known, ", "))}
	}
	if t.program == "" || t.program == logfile.Own {
		return nil // nothing was written so far
	}
	if slices.Contains(programsOf(t.service), t.program) {
		return nil // it has never been started
	}
	if len(names) == 0 {
		return &exitError{code: ExitFailed, err: fmt.Errorf("service %s has no logs so far, of no program", t.service)}
	}
	return &exitError{code: ExitFailed, err: fmt.Errorf("service %s has no logs of a program %s; it has those of %s", t.service, t.program, plaintext.Line(strings.Join(names, ", ")))}
}
