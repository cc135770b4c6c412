package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// Request is what a service manager asks of a service.
type Request struct {
	Verb    Verb
	Why     string        // who or what asked, for the events
	Within  time.Duration // StopNow: how long there is until this process ends
	Message wire.Message  // Pass: a PowerRequest, SessionRequest or ControlRequest
	Done    func()        // called by the loop when the request was taken note of; nil: nobody waits for it
}

// Verb is the kind of a Request.
type Verb uint8

// The verbs. A second Stop ends everything at once.
const (
	Stop Verb = iota
	Reload
	Pause
	Resume
	Ping    // nothing: Done tells that the loop is alive
	StopNow // the time to stop is over: everything ends at once, and Config.Overdue hears what was left
	Pass    // hands Message on to the supervisor
)

// heedRequests has the loop do what the host asks.
func (k *keeper) heedRequests() {
	go func() {
		for r := range k.cfg.Requests {
			k.poll.post(func() { k.requested(r) })
		}
	}()
}

func (k *keeper) requested(r Request) {
	switch r.Verb {
	case Stop:
		k.stop(r.Why)
	case Reload:
		k.askReload()
	case Pause:
		k.paused = true
		k.send(&wire.PauseRequest{})
	case Resume:
		k.paused = false
		k.send(&wire.PauseRequest{Resume: true})
	case Ping:
	case StopNow:
		k.overdue(r.Why, r.Within)
	case Pass:
		k.pass(r.Message)
	}
	if r.Done != nil {
		r.Done()
	}
}

// askReload: where no supervisor is there at the moment, the next one is told.
func (k *keeper) askReload() {
	k.reload = !k.sup.connected()
	k.send(&wire.ReloadRequest{})
}

// maxWaiting bounds what waits for a supervisor.
const maxWaiting = 64

// pass hands a message on to the supervisor, or keeps it for the next one.
func (k *keeper) pass(m wire.Message) {
	if k.sup.connected() {
		k.send(m)
	} else if len(k.waiting) < maxWaiting {
		k.waiting = append(k.waiting, m)
	}
}
