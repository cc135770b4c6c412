package keeper

import (
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// descriptor is what an open file is called by here.
type descriptor = windows.Handle

const noDescriptor descriptor = 0

func closeDescriptor(h descriptor) { windows.CloseHandle(h) }

// headStart is how long the supervisor isn't told of a restart by standing order, so that on a busy machine the program
// has a processor to itself and not the one who is to hear of it. A process takes far longer to come up here than on Linux.
const headStart = 40 * time.Millisecond

// machine is what the keeper holds on Windows alone.
type machine struct {
	trees trees
	null  windows.Handle // NUL, the programs' stdin
	image windows.Handle // our own executable; 0: it couldn't be opened
	port  *tree.Port
}

func newMachine() machine { return machine{image: openImage()} }

// programTree is nothing here: every run has a job of its own, see mainProcess.
type programTree struct{}

func (*programTree) Close() {}

// mainProcess is that of a run, and the job that holds its tree.
type mainProcess struct {
	handle windows.Handle
	wait   *poll.Waiter
	job    *tree.Job
	ended  bool   // by TerminateJobObject, while it ran
	asked  string // see Exit.Asked
}

// letGo closes what was needed to see the end of a run.
func (k *keeper) letGo(r *run) { r.closeProcess() }

func (p *mainProcess) closeProcess() {
	if p.wait != nil {
		p.wait.Stop()
		p.wait = nil
	}
	if p.handle != 0 {
		windows.CloseHandle(p.handle)
		p.handle = 0
	}
	if p.job != nil {
		p.job.Close()
		p.job = nil
	}
}
