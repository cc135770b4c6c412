package keeper

import (
	"fmt"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/reserve"
)

// Role is the first argument of a keeper process.
const Role = "keeper"

// Main is a keeper's life. It gives the exit code of the process: what the supervisor finished with, or
// why nothing could be started; see package exitcode.
func Main(cfg Config) int {
	reserve.Threads(5)
	if err := closeInherited(); err != nil {
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

// begin prepares everything and starts the first supervisor. clean is false where the last keeper of this service was killed: what it
// left is ended first, because its supervisor holds the control socket.
func begin(cfg Config, clean bool) (*keeper, error) {
	k := newKeeper(cfg)
	if err := k.open(); err != nil {
		return nil, err
	}
	if !clean {
		k.endRemains()
	}
	k.clearStacks()
	k.acceptRequests()
	if err := k.sup.start(k); err != nil {
		return nil, &exitcode.Error{Code: exitcode.NoSupervisor, Err: fmt.Errorf("starting the supervisor: %w", err)}
	}
	return k, nil
}

// cleanUp ends what still runs and removes what the keeper made.
func (k *keeper) cleanUp() {
	if !k.hurry {
		k.sup.farewell()
	}
	for _, p := range k.programs {
		if p.alive != nil {
			k.killTree(p, p.alive)
		}
	}
	k.close()
}
