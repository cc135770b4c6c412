package hosting

import (
	"context"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/service"
)

// forward hands m on to the supervisor, unless a stop comes in between: then nobody has use for it.
func (h *host) forward(ctx context.Context, m wire.Message) { _ = h.keeper.Forward(ctx, m) }

// power forwards the beginning and the end of a sleep. PowerResumed follows PowerResumedAutomatically where
// somebody is at the machine, and means nothing new.
func (h *host) power(ctx context.Context, e service.PowerEvent) {
	switch e {
	case service.PowerSuspend:
		h.forward(ctx, &wire.PowerEvent{})
	case service.PowerResumedAutomatically:
		h.forward(ctx, &wire.PowerEvent{Resumed: true})
	}
}

func (h *host) session(ctx context.Context, e service.SessionEvent) {
	h.forward(ctx, &wire.SessionEvent{Change: e.String()})
}

func (h *host) control(ctx context.Context, code uint8) {
	h.forward(ctx, &wire.ControlEvent{Code: int(code)})
}
