package top

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/observe/live"
)

// ErrNoTerminal says that there is no terminal to draw on or to take keys from.
var ErrNoTerminal = errors.New("this draws on a terminal and takes keys from one, and here is none that can: " +
	"for a file, a pipe or a plain terminal there is daruma status --watch")

// Run shows the service, or all of this machine where that is "", on the terminal of in and out, until q, Ctrl+C or the end of ctx. It gives
// [ErrNoTerminal] where one of them is no terminal, or one that can't move its cursor (TERM=dumb).
func Run(ctx context.Context, in, out *os.File, service string) error {
	s := screen.Of(out)
	if !s.Terminal || !screen.IsTerminal(in) || os.Getenv("TERM") == "dumb" {
		return ErrNoTerminal
	}
	list := folders.Services
	if service != "" {
		list = func() ([]string, error) { return []string{service}, nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	w := live.NewWatcher(list)
	var watching sync.WaitGroup
	watching.Go(func() { w.Run(ctx) })
	defer watching.Wait()
	defer cancel()
	model := newModel(&doerOf{ctx: ctx, watcher: w}, s.Colours, time.Now())
	_, err := tea.NewProgram(model, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out)).Run()
	if errors.Is(err, tea.ErrInterrupted) || ctx.Err() != nil {
		return nil
	}
	return err
}
