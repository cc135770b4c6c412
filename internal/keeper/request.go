package keeper

// Request is what a service manager asks of a service.
type Request struct {
	Verb Verb
	Why  string // who or what asked, for the events
	Done func() // called by the loop when the request was taken note of; nil: nobody waits for it
}

// Verb is the kind of a Request.
type Verb uint8

// The verbs. A second Stop ends everything at once.
const (
	Stop Verb = iota
	Reload
	Pause
	Resume
	Ping // nothing: Done tells that the loop is alive
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
		k.send(&PauseRequest{})
	case Resume:
		k.paused = false
		k.send(&PauseRequest{Resume: true})
	case Ping:
	}
	if r.Done != nil {
		r.Done()
	}
}

// askReload: where no supervisor is there at the moment, the next one is told.
func (k *keeper) askReload() {
	k.reload = !k.sup.connected()
	k.send(&ReloadRequest{})
}
