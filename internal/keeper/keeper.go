package keeper

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/memory"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/version"
)

// keeper is the state of the process. One goroutine owns it.
type keeper struct {
	cfg  Config
	lock *lock.Lock
	mark string // begins DARUMA_RUN of everything started here
	runs version.Executable

	poll *poll.Poller
	platform

	plans    launch.Decoder // of the programs, until memory is saved
	env      []string       // of the last run: see environment
	programs map[string]*program
	emptying map[*program]struct{} // main process gone, tree still ending
	starting map[*program]struct{} // forked, its exec not yet seen to succeed

	startLimit time.Duration      // how long that may take
	sockets    map[string]*socket // by name, for LISTEN_FDS
	snapshot   map[string][]byte  // the supervisor's, which only its successor can read

	allowed  allowances
	sup      supervisor
	up       upgrade
	sessions uint64 // supervisors so far

	toClose      []*run        // ended, their write ends still open
	reapDue      bool          // children may have ended since reapedAt
	reapedAt     time.Duration // monotonic
	saveMemoryAt time.Duration // monotonic: from then on memory is worth more than time; 0: it is so
	flushAt      time.Duration // monotonic: don't wake the supervisor before; 0: no reason to wait

	reload   bool           // asked for while no supervisor was there
	paused   bool           // by the service manager
	waiting  []wire.Message // for the next supervisor
	stops    int            // requests to stop received so far
	ending   bool           // everything was killed, and the supervisor has until its deadline
	hurry    bool           // whoever hosts us ends this process in a moment
	exitCode int
	done     bool
}

// trees says what holds the trees of all programs: a cgroup where base isn't "".
type trees struct {
	base    string // folder of the service's cgroup
	without string // why there is none, for people; "" on Windows, where jobs hold them
}

func newKeeper(cfg Config) *keeper {
	if cfg.Hang == 0 {
		cfg.Hang = defaultHang
	}
	return &keeper{
		cfg:      cfg,
		mark:     markOf(cfg),
		runs:     version.Running(),
		platform: newPlatform(),
		programs: map[string]*program{},
		emptying: map[*program]struct{}{},
		starting: map[*program]struct{}{},

		startLimit: startLimit,

		sockets:  map[string]*socket{},
		snapshot: map[string][]byte{},
		sup:      supervisor{peer: noPeer()},
		up:       upgrade{platformUpgrade: newPlatformUpgrade()},
	}
}

// loop runs until Finish, or until a second request to stop has ended everything.
func (k *keeper) loop() {
	k.saveMemoryAt = monotonic.Now() + startTime
	for !k.done {
		k.poll.Wait(k.sleepTime())
		k.slept()
		k.finishRuns()
		k.endLateStarts()
		k.sup.receive(k)
		k.sup.check(k)
		k.checkReader()
		k.checkUpgrade()
		k.finishTurn()
		k.saveMemory()
	}
}

// startTime is how long the start of even a large service takes.
const startTime = 3 * time.Second

// saveMemory makes the garbage collector eager once everything is started, and gives back what that took, processors too.
func (k *keeper) saveMemory() {
	if k.saveMemoryAt > 0 && monotonic.Now() > k.saveMemoryAt {
		if k.sup.pending || k.allowed.reading { // thousands of programs, or a slow machine
			k.saveMemoryAt = monotonic.Now() + startTime
			return
		}
		k.saveMemoryAt = 0
		k.plans = launch.Decoder{}
		memory.GiveBack()
		if k.cfg.Handle == nil {
			runAlone()
		}
	}
}

// finishTurn reports to the supervisor what happened, and does what else could wait until a fallen program was up again.
func (k *keeper) finishTurn() {
	if k.flushAt > 0 && monotonic.Now() < k.flushAt || k.sup.busy() && !k.mustWait() {
		return
	}
	k.flushAt = 0
	for i, r := range k.toClose {
		r.closeWriteEnds()
		k.unwatch(r)
		k.toClose[i] = nil
	}
	k.toClose = k.toClose[:0]
	k.reapWhenDue()
	k.sup.flush(k)
}

// reapEvery bounds how often all children are looked through.
const reapEvery = 5 * time.Millisecond

// reapWhenDue looks for children that have ended, but not more often than every reapEvery.
func (k *keeper) reapWhenDue() {
	if !k.reapDue {
		return
	}
	if now := monotonic.Now(); now-k.reapedAt >= reapEvery {
		k.reapDue, k.reapedAt = false, now
		k.reap()
	}
}

// sleepTime is how long the loop may sleep; negative: until something happens.
func (k *keeper) sleepTime() time.Duration {
	if k.sup.pending && !k.mustWait() {
		return 0
	}
	next := time.Duration(-1)
	due := func(left time.Duration) {
		if left = max(left, 0); next < 0 || left < next {
			next = left
		}
	}
	now := monotonic.Now()
	if k.sup.deadline > 0 {
		due(k.sup.deadline - now)
	}
	if k.saveMemoryAt > 0 {
		due(k.saveMemoryAt - now)
	}
	if k.allowed.reading {
		due(k.allowed.deadline - now)
	}
	if k.sup.startAt > 0 {
		due(k.sup.startAt - now)
	}
	if k.up.tryAt > 0 {
		due(k.up.tryAt - now)
	}
	if k.up.deadline > 0 {
		due(k.up.deadline - now)
	}
	if k.flushAt > 0 {
		due(k.flushAt - now)
	} else if k.reapDue { // after the flush: what is due earlier than it can be done would make the loop spin
		due(k.reapedAt + reapEvery - now)
	}
	for p := range k.emptying {
		due(p.alive.checkAt - now)
	}
	for p := range k.starting {
		due(p.alive.late.at - now)
	}
	return next
}

// markOf gives what names a service on this machine: two homes may have services of the same name.
func markOf(cfg Config) string {
	sum := sha256.Sum256([]byte(cfg.Folders.Run))
	return cfg.Service + "." + hex.EncodeToString(sum[:4])
}
