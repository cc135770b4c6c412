package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
)

// watchStatus shows the status again each second and after each event, until q, Ctrl+C or the end of ctx.
// On a terminal the table is redrawn; elsewhere each change is a line (with -o json each changed status one object).
func watchStatus(ctx context.Context, std IO, t target, output format) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	draw := changes(std)
	if output == formatJSON {
		draw = changesJSON(std)
	}
	if s := screen.Of(std.Out); s.Terminal && output == formatText {
		var done func()
		ctx, done = untilQ(ctx, std)
		defer done()
		draw = redraw(std)
	}
	happened := make(chan struct{}, 1)
	followed := map[string]bool{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		views, err := readViews(ctx, t)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := draw(views); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		for _, v := range views {
			if !followed[v.Service] {
				followed[v.Service] = true
				go signalEvents(ctx, v.Service, happened)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-happened:
			// A crash loop makes hundreds of events a second; nobody reads faster than this.
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

// signalEvents sends to happened after each event of the service, whichever supervisor is in charge, until ctx ends.
func signalEvents(ctx context.Context, service string, happened chan<- struct{}) {
	for ctx.Err() == nil {
		if c, err := control.Dial(service); err == nil {
			_ = c.Events(ctx, control.From{Follow: true}, func(control.Event) error {
				select {
				case happened <- struct{}{}:
				default: // it is said already
				}
				return nil
			})
		}
		select { // it isn't running, or its supervisor is being replaced
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// untilQ gives a context that ends when q is typed, and a function that restores the terminal.
func untilQ(ctx context.Context, std IO) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	in, ok := std.In.(*os.File)
	if !ok {
		return ctx, cancel
	}
	restore, err := screen.SingleKeys(in)
	if err != nil { // input comes from elsewhere: Ctrl+C is left
		return ctx, cancel
	}
	go func() { // stays in Read until the process ends: a read from a terminal can't be cancelled
		key := make([]byte, 1)
		for {
			if n, err := in.Read(key); n == 0 || err != nil {
				return
			}
			if key[0] == 'q' || key[0] == 'Q' {
				cancel()
				return
			}
		}
	}()
	return ctx, func() { restore(); cancel() }
}

// redraw draws the table over the one before, in one write, so that it doesn't flicker.
func redraw(std IO) func([]view) error {
	begin := "\x1b[2J" // what the shell wrote before
	return func(views []view) error {
		s := screen.Of(std.Out) // each time: the window may have changed
		now := time.Now()
		text := table(s, views, now) + "\n" + s.Paint(screen.Dim, now.Format("15:04:05")+"  q ends") + "\n"
		lines := strings.SplitAfter(text, "\n")
		if len(lines) > s.Height && s.Height > 1 {
			lines = append(lines[:s.Height-2], s.Paint(screen.Dim, fmt.Sprintf("… %d more lines", len(lines)-s.Height+1)))
		}
		var b bytes.Buffer
		b.WriteString(begin + "\x1b[H") // home; then each line clears what stood to its right, and the end what stood below
		for _, line := range lines {
			b.WriteString(strings.Replace(line, "\n", "\x1b[K\n", 1))
		}
		b.WriteString("\x1b[J")
		begin = ""
		_, err := screen.Unguarded(std.Out).Write(b.Bytes()) // the table has been cleaned
		return err
	}
}
