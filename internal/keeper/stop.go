package keeper

import (
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// stop passes on a request to stop; the second one ends everything at once.
func (k *keeper) stop(why string) {
	if k.stops++; k.stops == 1 {
		k.send(&wire.StopRequest{Signal: why})
		return
	}
	k.stopNow(&wire.StopRequest{Signal: why}, farewell)
}

// stopOverdue ends everything because the time to stop is over. The supervisor gets half of what is left, to write the last output.
func (k *keeper) stopOverdue(why string, within time.Duration) {
	left := []string{}
	for _, p := range k.programs {
		if p.alive != nil && !strings.Contains(p.id, "!") { // not a hook or probe
			left = append(left, p.id)
		}
	}
	slices.Sort(left)
	k.stops = max(k.stops, 2)
	if h := k.cfg.Handle; h != nil {
		h.wasOverdue(left)
	}
	k.hurry = true
	k.stopNow(&wire.StopRequest{Signal: why, Overdue: true, Left: left}, min(within/2, farewell))
}

// stopNow doesn't ask the supervisor: it may be what hangs. It gets patience to say its last words.
func (k *keeper) stopNow(m *wire.StopRequest, patience time.Duration) {
	for _, p := range k.programs {
		p.grant = wire.RestartGrant{}
		if p.alive != nil {
			p.alive.killed = true
			k.killTree(p, p.alive)
		}
	}
	m.Now = true
	k.send(m)
	if end := monotonic.Now() + patience; !k.ending || end < k.sup.deadline {
		k.ending = true
		k.sup.deadline = end
	}
}
