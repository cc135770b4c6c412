package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/reserve"

	"github.com/daruma-sh/daruma/internal/launch"
)

// Role is the first argument of a keeper process.
const Role = "keeper"

// The main goroutine keeps the main thread from the start: PR_SET_PDEATHSIG fires when the forking thread ends, and
// only the main thread is sure to live as long as the process.
func init() {
	if len(os.Args) > 1 && os.Args[1] == Role {
		runtime.LockOSThread()
	}
}

// Main is a keeper's life. It gives the exit code of the process: what the supervisor finished with, or
// why nothing could be started; see package exitcode.
func Main(cfg Config) int {
	reserve.Threads(5)
	if err := launch.CloseOnExec(3); err != nil { // what our parent left open isn't for every program
		return complain(err)
	}
	if err := cfg.Folders.Make(); err != nil {
		return complain(&exitcode.Error{Code: exitcode.NoFiles, Err: err})
	}
	lock, clean, err := takeLock(filepath.Join(cfg.Folders.Run, "lock"), cfg.Service)
	if err != nil {
		return complain(&exitcode.Error{Code: exitcode.NoFiles, Err: err})
	}
	k, err := begin(cfg, clean)
	if err != nil {
		lock.release()
		return complain(err)
	}
	k.loop()
	k.cleanUp()
	lock.release()
	return k.exitCode
}

func begin(cfg Config, clean bool) (*keeper, error) {
	k := newKeeper(cfg)
	var err error
	if k.poll, err = newPoller(); err != nil {
		return nil, err
	}
	if k.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("/dev/null: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming a subreaper: %w", err)
	}
	base, err := findCgroup("daruma-" + k.mark)
	if err == nil {
		k.trees.base = base
		err = clearCgroup(base) // what a keeper left that was killed together with its supervisor
	} else {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if !clean {
		all := strays{mark: k.mark + "/", prefix: true}
		killStrays(all)
		for end := Now() + 5*time.Second; anyStrays(all) && Now() < end; { // the supervisor among them holds the control socket
			time.Sleep(time.Millisecond)
		}
	}
	k.clearStacks()
	k.heedSignals()
	if err := k.sup.start(k); err != nil {
		return nil, &exitcode.Error{Code: exitcode.NoSupervisor, Err: fmt.Errorf("starting the supervisor: %w", err)}
	}
	return k, nil
}

// cleanUp leaves nothing running and nothing lying about.
func (k *keeper) cleanUp() {
	if !k.hurry {
		k.sup.farewell()
	}
	for _, p := range k.programs {
		if p.alive != nil {
			k.killTree(p, p.alive)
		}
	}
	removeCgroup(k.trees.base)
	if k.trees.base == "" {
		killStrays(strays{mark: k.mark + "/", prefix: true})
	}
	for _, s := range k.sockets {
		closeSocket(s.file)
	}
}
