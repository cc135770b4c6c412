package keeper

import (
	"strconv"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// signalRun asks the main process to end, in the way that Signal names: Ctrl+C or Ctrl+Break, then WM_CLOSE to its tree's
// windows. WM_CLOSE comes after m.Next, which is its share of the grace period, or at once where there is no console.
func (k *keeper) signalRun(r *run, m *wire.Signal) {
	switch m.Signal {
	case wire.SignalKill:
		r.ended = true
		_ = windows.TerminateProcess(r.handle, killedCode)
	case wire.SignalClose:
		k.closeRunsWindows(r)
	case wire.SignalBreak:
		k.sendConsole(r, "break", "CTRL_BREAK", m.Next)
	default:
		k.sendConsole(r, "c", "CTRL_C", m.Next)
	}
}

// sendConsole sends Ctrl+C or Ctrl+Break to everything on the program's console.
func (k *keeper) sendConsole(r *run, kind, name string, next time.Duration) {
	r.asked = name // before it is known to have arrived: the end that it brings may be seen first
	err := k.sendFrom(kind, strconv.Itoa(r.PID), nil, func(code uint32) {
		switch {
		case r.exited:
		case code != consoleSent:
			r.asked = ""
			k.closeRunsWindows(r)
		case next > 0:
			time.AfterFunc(next, func() { k.poll.post(func() { k.closeRunsWindows(r) }) })
		}
	})
	if err != nil {
		tell("daruma: sending "+name+": "+err.Error(), 0)
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
	before := r.asked
	r.asked = "WM_CLOSE"
	err := k.sendFrom("close", strconv.Itoa(int(job)), []windows.Handle{job}, func(code uint32) {
		if code != consoleSent && !r.exited {
			r.asked = before // nobody got it
		}
	})
	if err != nil {
		r.asked = before
		tell("daruma: sending WM_CLOSE: "+err.Error(), 0)
	}
}
