// Package terminal shows what happens in the terminal of `daruma run`: the events, and what programs write.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Printer prints events and output. It follows the event hub and the log files like any other reader, so a terminal
// that doesn't take output (Ctrl+S) holds up nothing. A terminal obeys nothing that is in a program's output: escape sequences are shown,
// colours alone pass. A pipe gets the bytes.
type Printer struct {
	mu     sync.Mutex
	out    io.Writer
	color  bool
	clean  func(dst, text []byte) []byte // nil: out is no terminal, and gets the bytes
	width  int
	cancel context.CancelFunc
	stop   chan struct{} // closed by Close: print what there is, and end
	done   sync.WaitGroup
	lines  atomic.Int64 // printed so far
}

// New prints to stdout what happens from now on. dir is the folder of the log files.
func New(ctx context.Context, dir string, programs []string, hub *control.Hub) *Printer {
	return newTo(ctx, os.Stdout, dir, programs, hub)
}

func newTo(ctx context.Context, out *os.File, dir string, programs []string, hub *control.Hub) *Printer {
	p := newPrinter(out)
	for _, name := range programs {
		p.width = max(p.width, len(name))
	}
	ctx, p.cancel = context.WithCancel(ctx)
	p.done.Add(2)
	last := hub.Last() // now, before the first program is started
	go func() {
		defer p.done.Done()
		p.events(ctx, hub, last)
	}()
	begin := time.Now()
	go func() {
		defer p.done.Done()
		q := logread.Query{Since: begin, Follow: true, Stop: p.stop, Expect: programs}
		_ = logread.Read(ctx, dir, q, func(l logread.Line) error {
			if len(l.Text) > 0 || !l.RunEnded {
				p.line(l.Program, "|", string(l.Text))
			}
			return ctx.Err()
		})
	}()
	return p
}

func newPrinter(out *os.File) *Printer {
	p := &Printer{out: out, stop: make(chan struct{})}
	switch {
	case !isTerminal(out):
	case os.Getenv("NO_COLOR") == "":
		p.color, p.clean = true, plaintext.Coloured
	default:
		p.clean = plaintext.Caret
	}
	return p
}

func (p *Printer) events(ctx context.Context, hub *control.Hub, last uint64) {
	events := make([]control.Event, 0, 64)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.stop:
			cancel()
		case <-waiting.Done():
		}
	}()
	for ctx.Err() == nil {
		var err error
		events, err = hub.Since(waiting, last, events[:0])
		if errors.Is(err, control.ErrLagged) {
			last = hub.Oldest() // the terminal was held: older events are skipped
			continue
		}
		if err != nil { // there are no more, and none will come
			return
		}
		for _, e := range events {
			last = e.Seq
			p.line(e.Program, "*", plaintext.Line(fmt.Sprintf("%s: %s", e.Kind, e.Reason)))
		}
	}
}

func (p *Printer) line(program, sign, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clean != nil {
		text = string(p.clean(nil, []byte(strings.TrimSuffix(text, "\r")))) // of Windows' end of a line
	}
	name := program
	if name == "" {
		name = "daruma"
	}
	begin, end := "", ""
	if p.color {
		end = "\x1b[0m"
		begin = "\x1b[2m"
		if sign == "*" {
			begin = "\x1b[1;36m"
		}
	}
	if _, err := fmt.Fprintf(p.out, "%s%s %-*s %s%s %s\n", begin, time.Now().Format("15:04:05"), max(p.width, 6), name, sign, end, text); err != nil {
		p.cancel() // the terminal is gone
	}
	p.lines.Add(1)
}

// Close prints what happened and was written until now, to the last byte, and ends. It gives up on a terminal that has taken nothing for
// a second (it is held), and after closeTimeout on one that is slow.
func (p *Printer) Close() {
	close(p.stop)
	defer p.cancel()
	printed := make(chan struct{})
	go func() {
		p.done.Wait()
		close(printed)
	}()
	for end, before := time.Now().Add(closeTimeout), int64(-1); time.Now().Before(end); {
		now := p.lines.Load()
		if now == before {
			return
		}
		before = now
		select {
		case <-printed:
			return
		case <-time.After(time.Second):
		}
	}
}

// closeTimeout is the most time that the last lines get.
const closeTimeout = 5 * time.Second

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0
}
