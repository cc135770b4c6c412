package keeper

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// runAlone has nothing to do: other threads read the supervisor's pipe and create processes beside the loop here.
func runAlone() {}

// closeInherited has nothing to do: a process here inherits the handles that are listed for it and no other.
func closeInherited() error { return nil }

// open makes what the keeper needs of the system before it starts anything.
func (k *keeper) open() error {
	var err error
	if k.poll, err = poll.New(); err != nil {
		return err
	}
	if k.port, err = tree.OpenPort(); err != nil {
		return err
	}
	k.null, err = openNull()
	return err
}

// endRemains ends the supervisor of a keeper that was killed. Its programs have ended with their jobs.
func (k *keeper) endRemains() { k.endOldSupervisor() }

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

// close gives back what open made.
func (k *keeper) close() {
	k.port.Close()
	_ = os.Remove(k.supervisorFile())
}

// livingKeeper has nothing to look for: nobody can remove the lock file of a keeper that lives.
func livingKeeper(Config) int { return 0 }
