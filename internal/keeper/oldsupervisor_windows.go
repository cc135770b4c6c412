package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

// supervisorFile is where a keeper notes its supervisor's pid and time of creation; the pid alone could be another process' by the time it
// is read.
//
// When a keeper is killed, its programs end with it, because their jobs do. Its supervisor ends by itself a moment later, when it has
// written their last output, unless it hangs: then the next keeper ends it.
func (k *keeper) supervisorFile() string { return filepath.Join(k.cfg.Folders.Run, "supervisor") }

func (k *keeper) noteSupervisor() {
	// Not written (a full disk): then only a supervisor that hangs after its keeper's death is in the next one's way.
	_ = os.WriteFile(k.supervisorFile(), fmt.Appendf(nil, "%d %d\n", k.sup.pid, createdAt(k.sup.handle)), 0o600)
}

// createdAt is when a process was created: 100 ns since 1601; 0: unknown.
func createdAt(process windows.Handle) int64 {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(process, &created, &exited, &kernel, &user); err != nil {
		return 0
	}
	return int64(created.HighDateTime)<<32 | int64(created.LowDateTime)
}

// endOldSupervisor gives the supervisor of a keeper that was killed time to end, then ends it. Left alone it would hold the control pipe, and
// take the new keeper's programs for the dead one's.
func (k *keeper) endOldSupervisor() {
	data, err := os.ReadFile(k.supervisorFile())
	if err != nil {
		return
	}
	var pid uint32
	var born int64
	if n, _ := fmt.Sscanf(string(data), "%d %d", &pid, &born); n != 2 || born == 0 {
		return
	}
	const rights = windows.SYNCHRONIZE | windows.PROCESS_TERMINATE | windows.PROCESS_QUERY_LIMITED_INFORMATION
	h, err := windows.OpenProcess(rights, false, pid)
	if err != nil {
		return // it has ended
	}
	defer windows.CloseHandle(h)
	if createdAt(h) != born {
		return // another process of the same pid
	}
	wait := func() bool {
		event, err := windows.WaitForSingleObject(h, uint32(supervisorGrace/time.Millisecond))
		return err == nil && event == windows.WAIT_OBJECT_0
	}
	if !wait() {
		_ = windows.TerminateProcess(h, killedSupervisor)
		wait()
	}
}
