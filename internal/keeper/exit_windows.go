package keeper

import (
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// mainExited: the main process of a run has ended. What is left of its tree ends now; if nothing is left, the standing
// order may restart it in this very moment.
func (k *keeper) mainExited(p *program, r *run) {
	if r == nil || r.exited || r.handle == 0 {
		return
	}
	if event, err := windows.WaitForSingleObject(r.handle, 0); err != nil || event != windows.WAIT_OBJECT_0 {
		return // not yet
	}
	r.exited = true
	r.exit = r.exitOf()
	r.exit.Orphans = r.job.Active() > 0 && r.job.HasOrphans()
	k.fading[p] = struct{}{}
	k.settle(p)
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

// reap looks at every run, should the word of an end ever be lost.
func (k *keeper) reap() {
	for _, p := range k.programs {
		if p.alive != nil {
			k.mainExited(p, p.alive)
		}
	}
}

// killTree ends all processes of a run.
func (k *keeper) killTree(_ *program, r *run) {
	if !r.exited {
		r.ended = true
	}
	r.job.Terminate()
}

// treeEmpty: the console's host isn't of the tree. It ends by itself, or with the job's handle, and no restart waits for it.
func (k *keeper) treeEmpty(_ *program, r *run) bool {
	return r.job.Active() == 0 || r.exited && !r.job.HasOrphans()
}

func (k *keeper) freezeTree(_ *program, r *run, frozen bool) { r.job.Freeze(frozen) }
