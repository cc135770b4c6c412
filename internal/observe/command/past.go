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

// remembered is the past that a dashboard shows, and the observer that goes on with it. A nil one does nothing.
type remembered struct {
	history  *history.History
	observer *observe.Observer
}

// readPast gives what the observer of this machine has kept, as far as this user may read that, and what is seen from now on. Nothing is kept of that: the
// folder is the observer's.
func readPast(c config.Config) *remembered {
	r := &remembered{history.OpenReadOnly(history.Folder(c.Folder)), observe.New("", func(error) {})} // in memory nothing fails
	r.observer.OnRecord(r.history.TakeRecord)
	return r
}

// keepPast gives what is kept of what the observer sees; nil where observe.yaml wants neither that nor a dashboard.
func keepPast(errs io.Writer, c config.Config, observer *observe.Observer) *remembered {
	if !c.History && c.Dashboard == nil {
		return nil
	}
	r := &remembered{history.Open(history.Folder(c.Folder), func(err error) { sayPast(errs, err) }), observer}
	observer.OnRecord(r.history.TakeRecord)
	return r
}

// run looks once a minute until ctx ends.
func (r *remembered) run(ctx context.Context) {
	if r != nil {
		r.history.Run(ctx, r.observer.Look)
	}
}

// hang hangs its pages into a dashboard.
func (r *remembered) hang(o *web.Options) {
	if r == nil {
		return
	}
	p := past.New(r.history, r.observer.Look)
	o.Panels = append(o.Panels, p.Panels()...)
	o.Pages = append(o.Pages, p.Pages()...)
	o.Machine = append(o.Machine, p.Machine()...)
}

func sayPast(errs io.Writer, err error) {
	if err == nil {
		fmt.Fprintln(errs, "daruma observe: what the dashboard shows of the past is kept again")
		return
	}
	fmt.Fprintf(errs, "daruma observe: %v\n", err)
}
