package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/reserve"
)

// Role is the first argument of a keeper process.
const Role = "keeper"

// Main is a keeper's life. It gives the exit code of the process: what the supervisor finished with, or
// why nothing could be started; see package exitcode.
func Main(cfg Config) int {
	reserve.Threads(5)
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
	k.poll = newPoller()
	var err error
	if k.port, err = openJobPort(); err != nil {
		return nil, err
	}
	if k.null, err = openNull(); err != nil {
		return nil, err
	}
	if !clean {
		k.endStraySupervisor()
	}
	k.clearStacks()
	if err := k.heedConsole(); err != nil {
		return nil, err
	}
	if err := k.sup.start(k); err != nil {
		return nil, &exitcode.Error{Code: exitcode.NoSupervisor, Err: fmt.Errorf("starting the supervisor: %w", err)}
	}
	return k, nil
}

// openNull opens NUL for programs to inherit as their stdin.
func openNull() (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString("NUL")
	if err != nil {
		return 0, err
	}
	sa := &windows.SecurityAttributes{InheritHandle: 1}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, sa, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0, os.NewSyscallError("opening NUL", err)
	}
	return h, nil
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
	k.port.close()
	_ = os.Remove(k.supervisorFile())
}
