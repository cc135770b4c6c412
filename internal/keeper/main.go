package keeper

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/reserve"
)

// Config is what a keeper is started with.
type Config struct {
	Service string
	Folders folders.Folders
	Args    []string      // of the supervisor, behind the word "supervisor"
	Hang    time.Duration // a supervisor that sends nothing for so long is replaced; 0: 20 s

	// Handle is how a service manager's dispatcher in this process speaks with the keeper. nil: nobody hosts it, and the keeper takes
	// the signals of its process (Windows: the events of its console) for requests.
	Handle *Handle

	Distrust access.Distrust // of the folders
}

// defaultHang is long, because each heartbeat wakes two processes for nothing.
const defaultHang = 20 * time.Second

// Role is the first argument of a keeper process.
const Role = "keeper"

// Main is a keeper's life. It gives the exit code of the process: what the supervisor finished with, or why nothing could be started, in
// which case it has said so on stderr; see package exitcode.
func Main(cfg Config) int {
	if code, asked := CheckResume(cfg); asked {
		return code
	}
	reserve.Threads(5)
	if code, resumed := resume(cfg); resumed {
		return code
	}
	if err := closeInherited(); err != nil {
		return failed(err)
	}
	if err := access.MakeFolders(cfg.Service, cfg.Folders, cfg.Distrust); err != nil {
		return failed(&exitcode.Error{Code: exitcode.NoFiles, Err: err})
	}
	held, clean, err := takeLock(cfg)
	if err != nil {
		return failed(lockError(err, cfg.Service))
	}
	k, err := begin(cfg, clean)
	if err != nil {
		held.Release()
		return failed(err)
	}
	k.lock = held
	return k.live()
}

// live is the rest of a keeper's life, from its first supervisor on.
func (k *keeper) live() int {
	k.loop()
	k.cleanUp()
	k.lock.Release()
	return k.exitCode
}

// takeLock takes the service's lock, but for a service whose keeper lives and has lost its lock file to whoever cleans up: it doesn't know
// that until its next heartbeat (renewLock), and to begin would be to end its programs.
func takeLock(cfg Config) (held *lock.Lock, clean bool, err error) {
	_, missing := os.Lstat(lockFile(cfg)) // the rule at the first start after a boot; at others nobody has to be looked for
	held, clean, err = lock.Take(lockFile(cfg))
	if err != nil || missing == nil {
		return held, clean, err
	}
	if pid := livingKeeper(cfg); pid != 0 {
		held.Release()
		return nil, false, &lock.HeldError{PID: strconv.Itoa(pid)}
	}
	return held, clean, nil
}

func lockFile(cfg Config) string { return filepath.Join(cfg.Folders.Run, "lock") }

// renewLock is called at each heartbeat.
func (k *keeper) renewLock() {
	if k.lock != nil && k.stops == 0 {
		_ = k.lock.Renew(lockFile(k.cfg)) // tried again; where another keeper was faster, it ends our programs as a dead one's
	}
}

// failed prints why a keeper can't begin, and gives the exit code for that.
func failed(err error) int {
	printLine("daruma: "+err.Error(), time.Second)
	code := exitcode.Failed
	for coded := (*exitcode.Error)(nil); errors.As(err, &coded); err = coded.Err {
		code = coded.Code // the innermost code is the most precise
	}
	return int(code)
}

// lockError is what a keeper ends with that didn't get the lock.
func lockError(err error, service string) error {
	if other := (*lock.HeldError)(nil); errors.As(err, &other) {
		return &exitcode.Error{Code: exitcode.Held, Err: fmt.Errorf("%s already runs under another daruma (pid %s); see: daruma status %s", service, other.PID, service)}
	}
	return &exitcode.Error{Code: exitcode.NoFiles, Err: err}
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
	k.readAllowances() // beside the supervisor, whose first orders wait for it
	if err := k.sup.start(k); err != nil {
		return nil, &exitcode.Error{Code: exitcode.NoSupervisor, Err: fmt.Errorf("starting the supervisor: %w", err)}
	}
	return k, nil
}

// cleanUp ends what still runs and removes what the keeper made.
func (k *keeper) cleanUp() {
	if !k.hurry {
		k.sup.awaitEnd()
	}
	for _, p := range k.programs {
		if p.alive != nil {
			k.killTree(p, p.alive)
		}
	}
	k.close()
}
