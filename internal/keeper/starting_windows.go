package keeper

import (
	"cmp"
	"fmt"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// stuckText says of a start that was given up why it isn't over.
const stuckText = "Windows hasn't come back from creating the process, and until it does the program can't be started again"

// awaitCreation has the loop go on while CreateProcess hangs.
func (k *keeper) awaitCreation(p *program, r *run, outcome <-chan creation) {
	r.starting = true
	r.late = lateStart{at: r.At + k.startLimit, since: r.At}
	k.starting[p] = struct{}{}
	go func() {
		c := <-outcome
		k.poll.Post(func() { k.createdLate(p, r, c) })
	}()
}

// createdLate is called when CreateProcess has come back after all. A process that nobody waits for any more is ended.
func (k *keeper) createdLate(p *program, r *run, c creation) {
	if err := k.created(p, r, c); err != nil || r.failed != "" || r.killed || k.ending {
		if err != nil {
			r.failed = cmp.Or(r.failed, err.Error())
		}
		r.failed = cmp.Or(r.failed, "it was ended during its start")
		k.killTree(p, r)
		if r.wait == nil { // there is no process whose end would be seen
			r.exited = true
			k.emptying[p] = struct{}{}
			k.finishRun(p)
		}
		return
	}
	r.At = monotonic.Now()
	r.starting = false
	delete(k.starting, p)
	if !r.greeted {
		k.reportStarted(p)
	}
}

// executable is the path of the program's executable.
func (l *launchable) executable() string { return l.plan.Path }

// heldUp gives the question who holds up the start of a run. A virus scanner may take long over a large executable, so with patient it
// counts as busy.
func (*run) heldUp(executable string, patient bool) func() (why string, busy bool) {
	return func() (string, bool) {
		return fmt.Sprintf("Windows doesn't come back from opening %s: another process holds an opportunistic lock on it, or a virus scanner is at work. "+
			"Sysinternals' handle.exe shows who has it open", executable), patient
	}
}
