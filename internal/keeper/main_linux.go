package keeper

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/launch"
)

// The main goroutine keeps the main thread from the start: PR_SET_PDEATHSIG fires when the forking thread ends, and
// only the main thread is sure to live as long as the process.
func init() {
	if len(os.Args) > 1 && (os.Args[1] == Role || os.Args[1] == hostRole) {
		runtime.LockOSThread()
	}
}

// runAlone is for a keeper that nobody hosts: nothing but its loop has to run. While the loop sleeps in a system call and another of Go's
// processors (GOMAXPROCS) is idle, the runtime looks after it every 20 µs at first, for 10 ms, some sixty times at each wake-up: beside a
// program that is just starting. With one, it sleeps at once. Not during the start of many programs: the loop doesn't sleep then, and the
// runtime looks after a loop without end that makes one system call after the other.
//
// A hosted keeper keeps more: where a file system that hangs holds up a fork, which holds the loop's processor, its host goes on telling the
// service manager that it lives.
func runAlone() { runtime.GOMAXPROCS(1) }

// closeInherited keeps from the programs what our parent left open: an open file is inherited unless it is marked.
func closeInherited() error { return launch.CloseOnExec(3) }

// open makes what the keeper needs of the system before it starts anything.
func (k *keeper) open() error {
	var err error
	if k.poll, err = poll.New(); err != nil {
		return err
	}
	if k.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("/dev/null: %w", err)
	}
	if k.folders, err = openFolders(k.cfg.Folders); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming a subreaper: %w", err)
	}
	k.oom.open(tree.MemoryEvents())
	base, err := tree.FindCgroup("daruma-" + k.mark)
	if err != nil { // then the trees are held without one
		k.trees.without = err.Error()
		return nil
	}
	k.trees.base = base
	return tree.ClearCgroup(base) // what a keeper left that was killed together with its supervisor
}

// endRemains ends what a keeper left that was killed, its supervisor included.
func (k *keeper) endRemains() {
	tree.KillAll(k.mark+"/", 5*time.Second)
}

// close gives back what open made, and ends whatever is left of the programs.
func (k *keeper) close() {
	tree.RemoveCgroup(k.trees.base)
	if k.trees.base == "" {
		tree.KillAll(k.mark+"/", 0)
	}
	for _, s := range k.sockets {
		s.close()
	}
}

// livingKeeper gives the pid of another keeper of the service, as its processes show it, or 0.
func livingKeeper(cfg Config) int {
	return tree.LivingKeeper(supervisorMark(markOf(cfg)), []string{Role, hostRole}, cfg.Service)
}

// hostRole is the first argument of a keeper that a service manager started: package hosting's Role.
const hostRole = "host"
