package keeper

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/launch"
)

// descriptor is what the system calls an open file by.
type descriptor = int

const noDescriptor descriptor = -1

func closeDescriptor(fd descriptor) { unix.Close(fd) }

// reportDelay is how long a restart by restart grant isn't reported to the supervisor, so that on a busy machine the program gets the
// processor first. A small static program takes 1 to 3 ms from its exec to its first lines, most of it page faults; the supervisor takes a
// processor for as long.
const reportDelay = 5 * time.Millisecond

// platform is what the keeper holds on Linux alone.
type platform struct {
	trees   trees
	folders []int            // open, for supervisors' rules: see openFolders
	null    int              // /dev/null, the programs' stdin
	byPID   map[int]*program // runs whose main process isn't reaped
	oom     oomKills

	terminal terminal
	resumed  bool // this image took the keeper over from another

	oomScore string // of programs; "": as the keeper\'s
}

// programTree holds the processes of one program.
type programTree = tree.Tree

func newPlatform() platform {
	return platform{byPID: map[int]*program{}, oom: oomKills{fd: -1}, oomScore: programOOMScore()}
}

// mainProcess is that of a run.
type mainProcess struct {
	pidfd     int
	launching launch.Launching // with run.starting
}

// unwatch closes what was needed to see the end of a run's main process.
func (k *keeper) unwatch(r *run) {
	if r.pidfd >= 0 {
		k.poll.Remove(r.pidfd)
		r.closeProcess()
	}
}

func (p *mainProcess) closeProcess() {
	if p.pidfd >= 0 {
		unix.Close(p.pidfd)
		p.pidfd = -1
	}
	p.launching.Close()
}
