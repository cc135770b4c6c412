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
	k.stopNow(&wire.StopRequest{Signal: why}, supervisorGrace)
}

// stopOverdue ends everything because the time to stop is over; this process has within left. The supervisor gets half of that, to write
// the last output.
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
	k.stopNow(&wire.StopRequest{Signal: why, Overdue: true, Left: left}, min(within/2, supervisorGrace))
}

// stopNow kills all programs without asking the supervisor, which may be what hangs. The supervisor has the grace to write what is left.
func (k *keeper) stopNow(m *wire.StopRequest, grace time.Duration) {
	for _, p := range k.programs {
		p.grant = wire.RestartGrant{}
		if p.alive != nil {
			p.alive.killed = true
			k.killTree(p, p.alive)
		}
	}
	m.Now = true
	k.send(m)
	if end := monotonic.Now() + grace; !k.ending || end < k.sup.deadline {
		k.ending = true
		k.sup.deadline = end
	}
}

// askReload asks the supervisor to read the definition again. Where there is none at the moment, its successor is asked.
func (k *keeper) askReload() {
	k.reload = !k.sup.connected()
	k.send(&wire.ReloadRequest{})
}

// pause asks the supervisor to freeze all programs, or to let them go on.
func (k *keeper) pause(on bool) {
	k.paused = on
	k.send(&wire.PauseRequest{Resume: !on})
}

// maxWaiting is how many messages wait for a supervisor at most.
const maxWaiting = 64

// forward hands a message on to the supervisor, or keeps it for the next one.
func (k *keeper) forward(m wire.Message) {
	if k.sup.connected() {
		k.send(m)
	} else if len(k.waiting) < maxWaiting {
		k.waiting = append(k.waiting, m)
	}
}
