package keeper

import (
	"context"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// Handle is how the process that hosts a keeper speaks with it: what the service manager's dispatcher asks goes to the keeper's loop.
// Its methods may be called from any goroutine, before the keeper has begun too. One Handle serves one keeper; see Config.
type Handle struct {
	// OnState is called whenever the service's state has changed, by the keeper's loop: it must not wait. nil: nobody is interested, and
	// the supervisor reports no state.
	OnState func(wire.ServiceState)

	mu      sync.Mutex
	keeper  *keeper         // nil: not begun
	waiting []func(*keeper) // until then
	left    []string
	overdue bool
}

// attach has the loop of k do what was asked, and what will be.
func (h *Handle) attach(k *keeper) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keeper = k
	for _, ask := range h.waiting {
		k.poll.Post(func() { ask(k) })
	}
	h.waiting = nil
}

// post has the keeper's loop call ask.
func (h *Handle) post(ask func(*keeper)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := h.keeper; k != nil {
		k.poll.Post(func() { ask(k) })
		return
	}
	h.waiting = append(h.waiting, ask)
}

// call returns when the loop has done ask, or with the cause of ctx's end.
func (h *Handle) call(ctx context.Context, ask func(*keeper)) error {
	done := make(chan struct{})
	h.post(func(k *keeper) {
		ask(k)
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stop asks for an orderly stop; why says who or what asked, for the events. A second Stop ends everything at once. It doesn't wait.
func (h *Handle) Stop(why string) { h.post(func(k *keeper) { k.stop(why) }) }

// StopNow ends everything at once because the time to stop is over: this process ends within that time. It doesn't wait.
func (h *Handle) StopNow(why string, within time.Duration) {
	h.post(func(k *keeper) { k.stopOverdue(why, within) })
}

// Overdue gives the programs that StopNow ended by force, in order of their names; ok is false where there was no StopNow. It is for
// after Main.
func (h *Handle) Overdue() (programs []string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.left, h.overdue
}

func (h *Handle) wasOverdue(programs []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.overdue = programs, true
}

// Reload has the supervisor read the definition again. Like the methods that follow, it returns when the keeper's loop has taken note of
// it, or with the cause of ctx's end.
func (h *Handle) Reload(ctx context.Context) error { return h.call(ctx, (*keeper).askReload) }

// Pause freezes all programs.
func (h *Handle) Pause(ctx context.Context) error {
	return h.call(ctx, func(k *keeper) { k.pause(true) })
}

// Resume lets them go on.
func (h *Handle) Resume(ctx context.Context) error {
	return h.call(ctx, func(k *keeper) { k.pause(false) })
}

// Ping returns when the loop has taken note of it: the keeper is alive.
func (h *Handle) Ping(ctx context.Context) error { return h.call(ctx, func(*keeper) {}) }

// Forward hands a PowerEvent, SessionEvent or ControlEvent on to the supervisor.
func (h *Handle) Forward(ctx context.Context, m wire.Message) error {
	return h.call(ctx, func(k *keeper) { k.forward(m) })
}
