package keeper

import (
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/launch"
)

// descriptor is what the system calls an open file by.
type descriptor = windows.Handle

const noDescriptor descriptor = 0

func closeDescriptor(h descriptor) { windows.CloseHandle(h) }

// reportDelay is how long a restart by restart grant isn't reported to the supervisor, so that on a busy machine the program gets the
// processor first. A process takes far longer to start here than on Linux.
const reportDelay = 40 * time.Millisecond

// platform is what the keeper holds on Windows alone.
type platform struct {
	trees trees
	null  windows.Handle // NUL, the programs' stdin
	image windows.Handle // our own executable; 0: it couldn't be opened
	port  *tree.Port

	createProcess func(launch.Plan, launch.Attachments) (launch.Child, error) // launch.Start; tests have it hang
}

func newPlatform() platform { return platform{image: openImage(), createProcess: launch.Start} }

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

// unwatch closes what was needed to see the end of a run.
func (k *keeper) unwatch(r *run) { r.closeProcess() }

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
