package cli

import (
	"context"

	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	native "github.com/daruma-sh/daruma/service"
)

// ask gives a handler that has the keeper's loop take note of a request.
func (h *hosted) ask(verb keeper.Verb) func(context.Context) error {
	return func(ctx context.Context) error {
		return h.request(ctx, keeper.Request{Verb: verb, Why: "the service manager"})
	}
}

// request returns when the keeper's loop has taken note of r.
func (h *hosted) request(ctx context.Context, r keeper.Request) error {
	done := make(chan struct{})
	r.Done = func() { close(done) }
	select {
	case h.requests <- r:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *hosted) ping(ctx context.Context) error { return h.ask(keeper.Ping)(ctx) }

// pass hands m on to the supervisor, unless a stop comes in between: then nobody has use for it.
func (h *hosted) pass(ctx context.Context, m wire.Message) {
	_ = h.request(ctx, keeper.Request{Verb: keeper.Pass, Message: m})
}

// power passes on the beginning and the end of a sleep. PowerResumed, which says that somebody is there, follows
// PowerResumedAutomatically and says nothing new.
func (h *hosted) power(ctx context.Context, e native.PowerEvent) {
	switch e {
	case native.PowerSuspend:
		h.pass(ctx, &wire.PowerEvent{})
	case native.PowerResumedAutomatically:
		h.pass(ctx, &wire.PowerEvent{Resumed: true})
	}
}

func (h *hosted) session(ctx context.Context, e native.SessionEvent) {
	h.pass(ctx, &wire.SessionEvent{Change: e.String()})
}

func (h *hosted) control(ctx context.Context, code uint8) {
	h.pass(ctx, &wire.ControlEvent{Code: int(code)})
}
