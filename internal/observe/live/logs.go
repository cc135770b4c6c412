package live

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// LogQuery says which lines of a service's logs are meant.
type LogQuery struct {
	Service string
	Program string            // "": all
	Last    int               // so many last lines of each program; 0: every line
	Since   time.Time         // captured at this time or later; zero: from the beginning
	Follow  bool              // go on with what comes
	Warn    func(text string) // what couldn't be read, or why it pauses; called from the goroutine of Logs
}

// LogLine is one line.
type LogLine struct {
	Program string
	Time    time.Time // when it was captured; zero: not known
	Text    []byte    // without the newline; valid until each returns
}

// Logs calls each with every line that q asks for, until each gives an error, which it gives back, or ctx ends. It reads the files of the logs, which go on
// where supervisors don't, or asks the supervisor where they are closed to this user; then it goes on with the successor where a supervisor ends.
func Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	dir, err := folders.Seen(q.Service)
	if err != nil {
		return err
	}
	_, err = logread.Programs(dir.Logs)
	if errors.Is(err, fs.ErrPermission) {
		return served(ctx, q, each)
	}
	if err != nil {
		return err
	}
	files := logread.Query{Last: q.Last, Since: q.Since, Follow: q.Follow, Warn: func(err error) { q.Warn(err.Error()) }}
	if q.Program != "" {
		files.Programs = []string{q.Program}
	}
	return logread.Read(ctx, dir.Logs, files, func(l logread.Line) error {
		if len(l.Text) == 0 && l.RunEnded {
			return ctx.Err()
		}
		return each(LogLine{l.Program, l.Time, l.Text})
	})
}

// served asks the supervisor.
func served(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	client, err := control.Dial(q.Service)
	if err != nil {
		return err
	}
	from := control.LogQuery{Program: q.Program, Last: q.Last, Since: q.Since, Follow: q.Follow}
	for {
		begun := false
		var stopped error
		err := client.Logs(ctx, from, func(l control.LogLine) error {
			begun = true
			if l.Warning != "" {
				q.Warn(l.Warning)
				return nil
			}
			line := LogLine{Program: l.Program, Text: l.Text()}
			if l.Time != nil {
				line.Time = *l.Time
				from.Since, from.Last = l.Time.Add(time.Nanosecond), 0
			}
			stopped = each(line)
			return stopped
		})
		var refused *control.APIError
		if ctx.Err() != nil || stopped != nil || !q.Follow || !begun && (errors.As(err, &refused) || isDenied(err)) {
			return err
		}
		if err != nil {
			q.Warn(err.Error() + "; it is tried again")
		}
		pause(ctx, askEvery)
	}
}
