package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// A start that goes through the launcher isn't over with the fork. From the change of user on, the program's user can stop the process, and
// the executable's owner can have the kernel wait for him. So the loop doesn't wait: the run is "starting" until the launcher's status pipe
// says how the exec went, and one that takes too long is ended and reported as a failed start, with whoever held it up.
//
// On Windows it is CreateProcess that somebody can hold up, and there is no process yet that could be ended: the start is given up, and the
// process ended if one comes after all.

// How long a start may take.
const (
	startLimit    = 10 * time.Second // to the exec; see keeper.startLimit
	busyLimit     = 60 * time.Second // the same, while it is working or waits for a disk: a machine can be slow
	inquiryLimit  = 2 * time.Second  // to find out who holds it up
	killedLimit   = 5 * time.Second  // from SIGKILL to the end, before the failure is reported all the same
	endlessRepeat = time.Minute      // how often the SIGKILL is repeated then
)

// lateStart is what is done about a start that takes too long.
type lateStart struct {
	at    time.Duration // monotonic: when the next step is due
	step  lateStep
	since time.Duration // monotonic: of the fork
}

type lateStep uint8

const (
	onTime       lateStep = iota
	inquired              // it is being found out who holds it up
	killed                // and it hasn't ended yet
	reportedLate          // it doesn't end; the supervisor knows
)

// endLateStarts takes the next step with starts that take too long.
func (k *keeper) endLateStarts() {
	if len(k.starting) == 0 {
		return
	}
	now := monotonic.Now()
	for p := range k.starting {
		r := p.alive
		if now < r.late.at {
			continue
		}
		switch r.late.step {
		case onTime:
			if r.failed != "" { // the launcher said so, and doesn't end by itself
				k.endStart(p, r, r.failed)
				continue
			}
			r.late.step, r.late.at = inquired, now+inquiryLimit
			go k.inquire(p, r, r.heldUp(p.launch.executable(), now-r.late.since < busyLimit))
		case inquired:
			k.endStart(p, r, k.lateText("it isn't known what held it up"))
		case killed:
			k.reportStartFailed(p, r, r.failed+"; "+stuckText)
			r.late.step, r.late.at = reportedLate, now+endlessRepeat
		case reportedLate:
			k.killTree(p, r)
			r.late.at = now + endlessRepeat
		}
	}
}

// inquire finds out who holds a start up. It isn't the loop's: what it looks at may be what doesn't answer.
func (k *keeper) inquire(p *program, r *run, ask func() (why string, busy bool)) {
	why, busy := ask()
	k.poll.Post(func() {
		if p.alive != r || !r.starting || r.late.step != inquired {
			return
		}
		if busy {
			r.late.step, r.late.at = onTime, monotonic.Now()+k.startLimit
			return
		}
		k.endStart(p, r, k.lateText(why))
	})
}

func (k *keeper) lateText(why string) string {
	return "the start took longer than " + k.startLimit.String() + " and was ended: " + why
}

// endStart kills what doesn't come to its exec. The failure is reported when the process is gone.
func (k *keeper) endStart(p *program, r *run, why string) {
	r.failed = why
	r.late.step, r.late.at = killed, monotonic.Now()+killedLimit
	k.killTree(p, r)
}

// dropFailedStart forgets a run that never came to its exec, and reports the failure.
func (k *keeper) dropFailedStart(p *program, r *run) {
	p.alive = nil
	k.unwatch(r)
	closeRun(r)
	if r.late.step != reportedLate {
		k.reportStartFailed(p, r, r.failed)
	}
	k.dropUnwanted(p)
}

func (k *keeper) reportStartFailed(p *program, r *run, why string) {
	k.send(&wire.Failed{ID: p.id, Generation: r.Generation, Error: why})
}
