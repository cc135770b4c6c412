package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// finishRun ends a run whose main process has ended, once its tree is empty: first the restart, where the grant allows it, then the report.
func (k *keeper) finishRun(p *program) {
	r := p.alive
	if r == nil || !r.exited {
		return
	}
	if !k.treeEmpty(p, r) {
		k.killTree(p, r) // what was forked while we killed
		r.checkAt = monotonic.Now() + min(treePoll<<r.checks, rareTreePoll)
		r.checks = min(r.checks+1, 10)
		return
	}
	delete(k.emptying, p)
	k.reapDue = true
	if r.starting {
		delete(k.starting, p)
		if !r.greeted {
			k.dropFailedStart(p, r)
			return
		}
	}
	k.toClose = append(k.toClose, r)
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
		if k.flushAt == 0 { // else a fast crash loop would never be reported
			k.flushAt = monotonic.Now() + reportDelay
		}
		k.reportStarted(p)
	}
}

// mayRestart says whether the restart grant covers the run's end. While no supervisor drains them, ended runs hold their pipes open: so
// many runs and no more.
func (k *keeper) mayRestart(p *program, r *run) bool {
	const maxEnded = 64
	return k.stops < 2 && !k.ending && !r.killed && r.failed == "" && p.launch != nil && !p.launch.foreign && len(p.ended) <= maxEnded &&
		covers(&p.grant, r.exit) && p.uses.allow(&p.grant, monotonic.Now())
}

// How often an ending tree is checked again: nearly always it is empty at the first check. The checks become ever rarer, because a process
// may be stuck in the kernel for hours.
const (
	treePoll     = time.Millisecond
	rareTreePoll = 250 * time.Millisecond
)

// finishRuns checks the trees that were still ending again.
func (k *keeper) finishRuns() {
	for p := range k.emptying {
		if monotonic.Now() >= p.alive.checkAt {
			k.finishRun(p)
		}
	}
}

// forgetRun notes that an ended run is acknowledged, or with release that its output is drained, and drops the run once it is both.
func (k *keeper) forgetRun(id string, generation uint64, release bool) {
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
	k.dropUnwanted(p)
}

// dropUnwanted drops a program that won't be started again once none of its runs is left.
func (k *keeper) dropUnwanted(p *program) {
	if p.unwanted && p.alive == nil && len(p.ended) == 0 {
		p.tree.Close()
		delete(k.programs, p.id)
	}
}
