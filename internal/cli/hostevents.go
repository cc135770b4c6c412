package cli

import (
	"context"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	native "github.com/daruma-sh/daruma/service"
)

// forward hands m on to the supervisor, unless a stop comes in between: then nobody has use for it.
func (h *hosted) forward(ctx context.Context, m wire.Message) { _ = h.keeper.Forward(ctx, m) }

// power passes on the beginning and the end of a sleep. PowerResumed, which says that somebody is there, follows
// PowerResumedAutomatically and says nothing new.
func (h *hosted) power(ctx context.Context, e native.PowerEvent) {
	switch e {
	case native.PowerSuspend:
		h.forward(ctx, &wire.PowerEvent{})
	case native.PowerResumedAutomatically:
		h.forward(ctx, &wire.PowerEvent{Resumed: true})
	}
}

func (h *hosted) session(ctx context.Context, e native.SessionEvent) {
	h.forward(ctx, &wire.SessionEvent{Change: e.String()})
}

func (h *hosted) control(ctx context.Context, code uint8) {
	h.forward(ctx, &wire.ControlEvent{Code: int(code)})
}
