package keeper

// stop passes on a request to stop; the second one ends everything at once.
func (k *keeper) stop(why string) {
	if k.stops++; k.stops == 1 {
		k.send(&StopRequest{Signal: why})
		return
	}
	k.stopNow(why)
}

// stopNow doesn't ask the supervisor: it may be what hangs.
func (k *keeper) stopNow(why string) {
	for _, p := range k.programs {
		p.order = Order{}
		if p.alive != nil {
			p.alive.killed = true
			k.killTree(p, p.alive)
		}
	}
	k.send(&StopRequest{Signal: why, Now: true})
	if !k.ending {
		k.ending = true
		k.sup.deadline = Now() + farewell
	}
}
