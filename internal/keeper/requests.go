package keeper

import "github.com/daruma-sh/daruma/internal/keeper/wire"

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
