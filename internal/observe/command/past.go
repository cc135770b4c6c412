package command

import (
	"context"
	"fmt"
	"io"

	"github.com/daruma-sh/daruma/internal/observe"
	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/history"
	"github.com/daruma-sh/daruma/internal/observe/web"
	"github.com/daruma-sh/daruma/internal/observe/web/past"
)

// hangPast hangs the pages of the past into a dashboard, of what the observer of this machine has kept, as far as this user may read that, and of what is seen from
// now on. Nothing is kept of that: the folder is the observer's.
func hangPast(ctx context.Context, c config.Config, o *web.Options) {
	h := history.OpenReadOnly(history.Folder(c.Folder))
	observer := observe.New("", func(error) {}) // in memory nothing fails
	observer.OnRecord(h.TakeRecord)
	p := past.New(h, observer.Look)
	o.Panels = append(o.Panels, p.Panels()...)
	o.Pages = append(o.Pages, p.Pages()...)
	o.Machine = append(o.Machine, p.Machine()...)
	go h.Run(ctx, observer.Look)
}

// keepPast keeps the past of what the observer sees; run does it until ctx ends. Where observe.yaml doesn't want it, it does nothing.
func keepPast(errs io.Writer, c config.Config, observer *observe.Observer) (run func(context.Context)) {
	if !c.History {
		return func(context.Context) {}
	}
	h := history.Open(history.Folder(c.Folder), func(err error) { sayPast(errs, err) })
	observer.OnRecord(h.TakeRecord)
	return func(ctx context.Context) { h.Run(ctx, observer.Look) }
}

func sayPast(errs io.Writer, err error) {
	if err == nil {
		fmt.Fprintln(errs, "daruma observe: what the dashboard shows of the past is kept again")
		return
	}
	fmt.Fprintf(errs, "daruma observe: %v\n", err)
}
