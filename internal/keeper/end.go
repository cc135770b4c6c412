package keeper

import (
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// settle ends a run once its tree is empty: restart by standing order first, then tell.
func (k *keeper) settle(p *program) {
	r := p.alive
	if r == nil || !r.exited {
		return
	}
	if !k.treeEmpty(p, r) {
		k.killTree(p, r) // what was forked while we killed
		r.lookAt = monotonic.Now() + min(treePoll<<r.looks, rareTreePoll)
		r.looks = min(r.looks+1, 10)
		return
	}
	delete(k.fading, p)
	k.reaping = true
	k.mute = append(k.mute, r)
	p.alive = nil
	p.ended = append(p.ended, r)
	var startErr error
	if k.mayRestart(p, r) {
		r.next = p.newest + 1
		startErr = k.start(p, r.next)
	}
	k.send(&wire.Exited{ID: p.id, Generation: r.Generation, Exit: r.exit, Next: r.next, Failed: r.failed})
	switch {
	case startErr != nil:
		k.send(&wire.Failed{ID: p.id, Generation: r.next, Error: startErr.Error()})
	case p.alive != nil:
		if k.flushAt == 0 { // else a fast crash loop would never be told
			k.flushAt = monotonic.Now() + headStart
		}
		k.announce(p)
	}
}

// mayRestart applies the standing order. While no supervisor drains them, ended runs hold their pipes: so many and no more.
func (k *keeper) mayRestart(p *program, r *run) bool {
	const backlog = 64
	return k.stops < 2 && !k.ending && !r.killed && r.failed == "" && p.launch != nil && len(p.ended) <= backlog &&
		covers(&p.grant, r.exit) && p.uses.allow(&p.grant, monotonic.Now())
}

// settleAll looks again at the trees that were still ending.
func (k *keeper) settleAll() {
	for p := range k.fading {
		if monotonic.Now() >= p.alive.lookAt {
			k.settle(p)
		}
	}
}

// signal obeys Signal. No restart follows.
func (k *keeper) signal(m *wire.Signal) {
	p, r := k.find(m.ID, m.Generation)
	if r == nil {
		return
	}
	p.grant = wire.RestartGrant{}
	r.killed = true
	if !r.exited {
		k.signalRun(r, m)
	}
}

// kill obeys Kill: the whole tree. The main process' end is reported when it comes.
func (k *keeper) kill(m *wire.Kill) {
	p, r := k.find(m.ID, m.Generation)
	if r == nil {
		return
	}
	p.grant = wire.RestartGrant{}
	r.killed = true
	k.killTree(p, r)
}

func (k *keeper) freeze(m *wire.Freeze) {
	if p, r := k.find(m.ID, m.Generation); r != nil && !r.exited {
		k.freezeTree(p, r, !m.Thaw)
		k.send(&wire.Frozen{ID: m.ID, Generation: m.Generation, Thaw: m.Thaw})
	}
}

// find gives a program's live run if it is this generation. An order for another one came too late.
func (k *keeper) find(id string, generation uint64) (*program, *run) {
	p := k.programs[id]
	if p == nil || p.alive == nil || p.alive.Generation != generation {
		return p, nil
	}
	return p, p.alive
}

// forget drops ended runs that are acknowledged and released.
func (k *keeper) forget(id string, generation uint64, release bool) {
	p := k.programs[id]
	if p == nil {
		return
	}
	keep := p.ended[:0]
	for _, r := range p.ended {
		if r.Generation == generation {
			r.acked = r.acked || !release
			r.released = r.released || release
			if release {
				closeRun(r)
			}
		}
		if !r.acked || !r.released {
			keep = append(keep, r)
		}
	}
	clear(p.ended[len(keep):])
	p.ended = keep
	k.drop(p)
}

// drop lets go of a program that is unwanted once nothing of it is left to tell.
func (k *keeper) drop(p *program) {
	if p.unwanted && p.alive == nil && len(p.ended) == 0 {
		p.tree.Close()
		delete(k.programs, p.id)
	}
}
