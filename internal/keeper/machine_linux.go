package keeper

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// descriptor is what an open file is called by here.
type descriptor = int

const noDescriptor descriptor = -1

func closeDescriptor(fd descriptor) { unix.Close(fd) }

// headStart is how long the supervisor isn't told of a restart by standing order, so that on a busy machine the program
// has a processor to itself and not the one who is to hear of it.
const headStart = time.Millisecond

// machine is what the keeper holds on Linux alone.
type machine struct {
	trees trees
	null  int              // /dev/null, the programs' stdin
	byPID map[int]*program // runs whose main process isn't reaped
}

// programTree holds the processes of one program.
type programTree = tree.Tree

func newMachine() machine { return machine{byPID: map[int]*program{}} }

// mainProcess is that of a run.
type mainProcess struct{ pidfd int }

// letGo closes what was needed to see the end of a run's main process.
func (k *keeper) letGo(r *run) {
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
}
