package hosting

import (
	"context"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/service/winevent"
)

// power forwards the beginning and the end of a sleep. PowerResumed follows PowerResumedAutomatically where
// somebody is at the machine, and means nothing new.
func (h *host) power(ctx context.Context, e winevent.Power) error {
	switch e {
	case winevent.PowerSuspend:
		return h.keeper.Forward(ctx, &wire.PowerEvent{})
	case winevent.PowerResumedAutomatically:
		return h.keeper.Forward(ctx, &wire.PowerEvent{Resumed: true})
	}
	return nil
}

func (h *host) session(ctx context.Context, e winevent.Session) error {
	return h.keeper.Forward(ctx, &wire.SessionEvent{Change: e.String()})
}

func (h *host) control(ctx context.Context, code uint8) error {
	return h.keeper.Forward(ctx, &wire.ControlEvent{Code: int(code)})
}
