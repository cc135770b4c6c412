package keeper

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// An upgrade has the daruma on disk take over while the programs run. The supervisor asks for it, is answered, and ends in order; its
// successor is of the new file, as after any death of a supervisor. On Linux the keeper, too, becomes the new daruma in between: see
// upgrade_linux.go.

// HandoverRole is the first argument of the process that says whether this daruma understands what another image of a keeper would hand it
// over: see [CheckHandover]. A new file is asked so by darumas that have no [CheckResume], and the old one about the way back.
const HandoverRole = "handover"

// upgrade is what is known of the last upgrade, and of the one under way.
type upgrade struct {
	phase    upgradePhase
	deadline time.Duration // monotonic: of the phase; 0: none
	tryAt    time.Duration // monotonic: when the loop goes on with it in any case; 0: never
	attempts uint64
	sessions uint64              // see wire.Hello.UpgradeSessions
	last     wire.UpgradeOutcome // what supervisors are told
	news     bool                // the next supervisor is the first since then
	platformUpgrade
}

// upgradePhase is where an upgrade stands.
type upgradePhase uint8

const (
	noUpgrade  upgradePhase = iota
	checking                // the new file says whether it understands what it would be handed
	waiting                 // until no program is being started
	leaving                 // the supervisor was told, and ends
	takingOver              // it has ended: the other image is executed as soon as no program is being started
	probation               // this is the new image, and the old one would come back
	goingBack               // the new image's supervisor is being ended
)

// Limits of an upgrade's phases.
const (
	checkLimit     = 10 * time.Second // for the new file to say that it understands, and the same for programs to be started
	leaveLimit     = 3 * time.Second  // for a supervisor to end
	takeLimit      = 2 * time.Second  // from there to the takeover: nobody empties the programs' pipes meanwhile
	probationLimit = 10 * time.Second // for the new daruma to be up
	probationTries = 3                // supervisors that may end in that time
)

func (u *upgrade) enter(p upgradePhase, limit time.Duration) {
	u.phase, u.deadline, u.tryAt = p, 0, 0
	if p == takingOver {
		u.tryAt = monotonic.Now()
	}
	if limit > 0 {
		u.deadline = monotonic.Now() + limit
	}
}

// askUpgrade begins an upgrade.
func (k *keeper) askUpgrade() {
	var why string
	switch p := k.up.phase; {
	case k.stops > 0 || k.ending:
		why = "the service is stopping"
	case p != noUpgrade && p != probation:
		why = "another upgrade is under way"
	default:
		k.beginUpgrade()
		return
	}
	k.send(&wire.UpgradeAnswer{Error: why})
}

// acceptUpgrade tells the supervisor to end for the upgrade to version to.
func (k *keeper) acceptUpgrade(to string, keeper bool) {
	u := &k.up
	u.attempts++
	u.last = wire.UpgradeOutcome{Attempt: u.attempts, Wall: time.Now().UnixNano(), From: k.runs.Version, To: to, Keeper: keeper}
	u.enter(leaving, leaveLimit)
	k.send(&wire.UpgradeAnswer{Attempt: u.attempts})
}

// refuseUpgrade tells the supervisor, which goes on, why nothing is done.
func (k *keeper) refuseUpgrade(why string) {
	k.up.enter(noUpgrade, 0)
	k.send(&wire.UpgradeAnswer{Error: why})
}

// failUpgrade has the successor of the supervisor, which has ended already, say why what ran goes on.
func (k *keeper) failUpgrade(why string) {
	u := &k.up
	if u.last.Error == "" {
		u.sessions++
		u.last.Error = why
	} else { // this was the way back, and they are counted
		u.last.Error += "; it goes on all the same, because the way back to " + u.last.From + " failed: " + why
		u.last.From = k.runs.Version
	}
	k.up.enter(noUpgrade, 0)
	k.startNext()
}

// startNext starts the next supervisor in the next turn: it doesn't count as the death of one.
func (k *keeper) startNext() {
	k.up.news = true
	k.sup.startAt = monotonic.Now()
}

// checkLeaving ends a supervisor that doesn't end for an upgrade.
func (k *keeper) checkLeaving() {
	if k.up.phase == leaving && k.up.deadline > 0 && monotonic.Now() >= k.up.deadline {
		k.sup.kill()
		k.up.deadline = 0
	}
}

// endedForUpgrade says whether the supervisor's end was part of an upgrade, and goes on with that.
func (k *keeper) endedForUpgrade() bool {
	switch k.up.phase {
	case leaving, goingBack:
	default:
		return k.upgradeLostSupervisor()
	}
	k.sup.lastSign = monotonic.Now()
	k.sup.why = "it ended for an upgrade"
	if k.stops > 0 || k.ending { // asked for meanwhile: the next supervisor stops the programs
		k.failUpgrade("the service was stopped meanwhile")
		return true
	}
	limit := takeLimit
	if k.up.phase == goingBack { // there is no better supervisor to go on with
		limit = checkLimit
	}
	k.up.enter(takingOver, limit)
	return true
}

// upgradeText is what the event says of the file at path.
func upgradeText(path string, why error) string {
	return fmt.Sprintf("the daruma on disk (%s) isn't taken: %v", path, why)
}
