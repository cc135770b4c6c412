package keeper

import (
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// mainExited is called when the main process of a run has ended. What is left of its tree ends now; where nothing is left, the restart grant
// may restart the program in this very moment.
func (k *keeper) mainExited(p *program, r *run) {
	if r == nil || r.exited || r.handle == 0 {
		return
	}
	if !r.hasEnded() {
		return // not yet
	}
	r.exited = true
	r.exit = r.exitOf()
	if r.job.Active() > 0 {
		if r.endedWell() {
			r.noteLeft(r.job.Left())
		} else {
			r.exit.Orphans = r.job.HasOrphans()
		}
	}
	k.emptying[p] = struct{}{}
	k.finishRun(p)
}

func (r *run) exitOf() wire.Exit {
	e := wire.Exit{At: monotonic.Now(), Wall: time.Now().UnixNano(), MaxRSS: peakMemory(r.handle), CPU: r.job.CPU(), Asked: r.asked}
	var code uint32
	if err := windows.GetExitCodeProcess(r.handle, &code); err != nil {
		e.Code, r.failed = -1, "its exit status was lost: "+err.Error()
		return e
	}
	e.Code = int(code)
	if r.ended && code == tree.KilledCode {
		e.Code, e.Signal = -1, wire.SignalEnded
	}
	return e
}

// slept has nothing to do: each process that we wait for has a waiter of its own.
func (k *keeper) slept() {}

// reap checks every run, in case the notice of an end was lost.
func (k *keeper) reap() {
	for _, p := range k.programs {
		if p.alive != nil {
			k.mainExited(p, p.alive)
		}
	}
}

// forgetOldKills does nothing: Windows ends no process for want of memory.
func (k *keeper) forgetOldKills() {}

// killTree ends all processes of a run.
func (k *keeper) killTree(_ *program, r *run) {
	if !r.exited {
		r.ended = true
	}
	r.job.Terminate()
}

// treeEmpty says whether nothing of the tree is left. The console's host doesn't count: it ends by itself, or with the job's handle, and no
// restart waits for it.
func (k *keeper) treeEmpty(_ *program, r *run) bool {
	return r.job.Active() == 0 || r.exited && !r.job.HasOrphans()
}

func (k *keeper) freezeTree(_ *program, r *run, frozen bool) { r.job.Freeze(frozen) }
