package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/logs"
)

// screen prints what happens and what programs write: daruma run in a terminal. It follows the event hub and the log
// files like any other reader, so a terminal that is held (Ctrl+S) holds up nothing.
type screen struct {
	mu     sync.Mutex
	out    io.Writer
	color  bool
	width  int
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newScreen(ctx context.Context, dir string, programs []string, hub *control.Hub) *screen {
	c := &screen{out: os.Stdout, color: isTerminal(os.Stdout) && os.Getenv("NO_COLOR") == ""}
	for _, p := range programs {
		c.width = max(c.width, len(p))
	}
	ctx, c.cancel = context.WithCancel(ctx)
	c.done.Add(2)
	last := hub.Last() // now, before the first program is started
	go func() {
		defer c.done.Done()
		c.events(ctx, hub, last)
	}()
	begin := time.Now()
	go func() {
		defer c.done.Done()
		_ = logs.Read(ctx, dir, logs.Query{Since: begin, Follow: true}, func(l logs.Line) error {
			c.line(l.Program, "|", string(l.Text))
			return nil
		})
	}()
	return c
}

func (c *screen) events(ctx context.Context, hub *control.Hub, last uint64) {
	events := make([]control.Event, 0, 64)
	for ctx.Err() == nil {
		var err error
		events, err = hub.Since(ctx, last, events[:0])
		if errors.Is(err, control.ErrLagged) {
			last = hub.Oldest() // a terminal that was held: what is too old isn't told
			continue
		}
		for _, e := range events {
			last = e.Seq
			c.line(e.Program, "*", fmt.Sprintf("%s: %s", e.Kind, e.Reason))
		}
	}
}

func (c *screen) line(program, sign, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := program
	if name == "" {
		name = "daruma"
	}
	begin, end := "", ""
	if c.color {
		end = "\x1b[0m"
		begin = "\x1b[2m"
		if sign == "*" {
			begin = "\x1b[1;36m"
		}
	}
	if _, err := fmt.Fprintf(c.out, "%s%s %-*s %s%s %s\n", begin, time.Now().Format("15:04:05"), max(c.width, 6), name, sign, end, text); err != nil {
		c.cancel() // nobody reads it any more
	}
}

// close lets the last lines be printed, within reason: where the terminal is held, nothing ends.
func (c *screen) close() {
	time.AfterFunc(100*time.Millisecond, c.cancel)
	printed := make(chan struct{})
	go func() {
		c.done.Wait()
		close(printed)
	}()
	select {
	case <-printed:
	case <-time.After(time.Second):
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0
}
