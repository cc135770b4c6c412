package keeper

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// keeper is the state of the process. One goroutine owns it.
type keeper struct {
	cfg  Config
	mark string // begins DARUMA_RUN of everything started here

	poll *poll.Poller
	machine

	programs map[string]*program
	fading   map[*program]struct{} // main process gone, tree still ending
	sockets  map[string]*socket    // by name, for LISTEN_FDS
	kept     map[string][]byte     // the supervisor's snapshot, opaque

	sup      supervisor
	sessions uint64

	mute     []*run        // ended, their write ends still open
	reaping  bool          // orphans may be waiting
	frugalAt time.Duration // monotonic: from then on memory is worth more than time; 0: it is so
	flushAt  time.Duration // monotonic: don't wake the supervisor before; 0: no reason to wait

	reload   bool           // asked for while no supervisor was there
	paused   bool           // by the service manager
	waiting  []wire.Message // likewise for the next supervisor
	stops    int            // requests to stop received so far
	ending   bool
	hurry    bool // whoever hosts us ends this process in a moment
	exitCode int
	done     bool
}

// trees says what holds the trees of all programs: a cgroup where base isn't "".
type trees struct {
	base    string // folder of the service's cgroup
	without string // why there is none, for people; "" on Windows, where jobs hold them
}

// program is what the keeper knows of one program.
type program struct {
	id     string
	launch *launchable // of the last Spawn
	grant  wire.RestartGrant
	uses   tally
	tree   programTree
	alive  *run
	ended  []*run // gone, but not yet acknowledged and released
	newest uint64 // generation

	unwanted bool // it goes with its last run
}

// run is one process tree.
type run struct {
	wire.Run
	mainProcess
	streams  []stream
	exited   bool // its main process is reaped; the tree may still be ending
	exit     wire.Exit
	next     uint64
	failed   string
	killed   bool          // by order: no restart follows
	lookAt   time.Duration // exited, but its tree isn't empty yet: monotonic, when to look again
	looks    int
	acked    bool
	released bool
}

// stream is an output pipe. The keeper holds its write end too, until the run's end is told: else the pipe's end of file
// would wake the supervisor in the very moment in which the program is to be restarted.
type stream struct {
	name  string
	fd    descriptor // read end
	write descriptor // write end; noDescriptor: closed
}

func newKeeper(cfg Config) *keeper {
	if cfg.Hang == 0 {
		cfg.Hang = defaultHang
	}
	sum := sha256.Sum256([]byte(cfg.Folders.Run)) // two homes may have services of the same name
	return &keeper{
		cfg:      cfg,
		mark:     cfg.Service + "." + hex.EncodeToString(sum[:4]),
		machine:  newMachine(),
		programs: map[string]*program{},
		fading:   map[*program]struct{}{},
		sockets:  map[string]*socket{},
		kept:     map[string][]byte{},
		sup:      supervisor{peer: noPeer()},
	}
}

// loop runs until Finish, or until a second request to stop has ended everything.
func (k *keeper) loop() {
	k.frugalAt = monotonic.Now() + settleAfter
	for !k.done {
		k.poll.Wait(k.patience())
		k.settleAll()
		k.sup.hear(k)
		k.sup.watch(k)
		k.speak()
		k.saveMemory()
	}
}

// settleAfter is when the start of even a large service is over.
const settleAfter = 3 * time.Second

// saveMemory makes the garbage collector eager once everything is started, and gives back what that took.
func (k *keeper) saveMemory() {
	if k.frugalAt > 0 && monotonic.Now() > k.frugalAt {
		k.frugalAt = 0
		debug.SetGCPercent(25)
		debug.FreeOSMemory()
	}
}

// speak tells the supervisor what happened, and does what else could wait until a fallen program was up again.
func (k *keeper) speak() {
	if k.flushAt > 0 && monotonic.Now() < k.flushAt || k.sup.busy() {
		return
	}
	k.flushAt = 0
	for i, r := range k.mute {
		r.closeWriteEnds()
		k.letGo(r)
		k.mute[i] = nil
	}
	k.mute = k.mute[:0]
	if k.reaping {
		k.reaping = false
		k.reap()
	}
	k.sup.flush(k)
}

// patience is how long the loop may sleep: until the supervisor has to have been heard, or may be started again.
func (k *keeper) patience() time.Duration {
	if k.sup.pending {
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
	if k.frugalAt > 0 {
		due(k.frugalAt - now)
	}
	if k.sup.startAt > 0 {
		due(k.sup.startAt - now)
	}
	if k.flushAt > 0 {
		due(k.flushAt - now)
	}
	for p := range k.fading {
		due(p.alive.lookAt - now)
	}
	return next
}

// treePoll is how often an ending tree is looked at again. Nearly always it is empty at the first look.
// It is looked at ever more rarely: a process may be stuck in the kernel for hours.
const (
	treePoll     = time.Millisecond
	rareTreePoll = 250 * time.Millisecond
)

func (k *keeper) runMark(p *program, r *run) string {
	return k.mark + "/" + p.id + "/" + strconv.FormatUint(r.Generation, 10)
}
