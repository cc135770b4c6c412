package keeper

import (
	"strconv"

	"golang.org/x/sys/windows"
)

// signalRun asks the main process to end, in the way that Signal names. Where that way isn't open (no console, no window)
// the next one is tried at once: Ctrl+C or Ctrl+Break, then WM_CLOSE.
func (k *keeper) signalRun(r *run, m *Signal) {
	switch m.Signal {
	case SignalKill:
		r.ended = true
		_ = windows.TerminateProcess(r.handle, killedCode)
	case SignalClose:
		k.closeRunsWindows(r)
	case SignalBreak:
		k.sendConsole(r, "break")
	default:
		k.sendConsole(r, "c")
	}
}

func (k *keeper) sendConsole(r *run, kind string) {
	err := k.sendFrom(kind, strconv.Itoa(r.PID), nil, func(code uint32) {
		if code != consoleSent {
			k.closeRunsWindows(r)
		}
	})
	if err != nil {
		tell("daruma: sending Ctrl+C: "+err.Error(), 0)
		k.closeRunsWindows(r)
	}
}

func (k *keeper) closeRunsWindows(r *run) {
	if r.exited || r.job == nil {
		return
	}
	var job windows.Handle
	self := windows.CurrentProcess()
	const query = 0x4 // JOB_OBJECT_QUERY
	if err := windows.DuplicateHandle(self, r.job.handle, self, &job, query, true, 0); err != nil {
		return
	}
	defer windows.CloseHandle(job)
	if err := k.sendFrom("close", strconv.Itoa(int(job)), []windows.Handle{job}, func(uint32) {}); err != nil {
		tell("daruma: sending WM_CLOSE: "+err.Error(), 0)
	}
}
