package keeper

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/console"
	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// signalRun asks the main process to end, in the way that m.Signal names: Ctrl+C or Ctrl+Break, then WM_CLOSE to its tree's
// windows. WM_CLOSE comes after m.Next, which is its share of the grace period, or at once where there is no console.
func (k *keeper) signalRun(r *run, m *wire.Signal) {
	switch m.Signal {
	case wire.SignalKill:
		r.ended = true
		_ = windows.TerminateProcess(r.handle, tree.KilledCode)
	case wire.SignalClose:
		k.closeWindowsOf(r)
	case wire.SignalBreak:
		k.sendConsole(r, console.Break, "CTRL_BREAK", m.Next)
	default:
		k.sendConsole(r, console.CtrlC, "CTRL_C", m.Next)
	}
}

// sendConsole sends Ctrl+C or Ctrl+Break to everything on the program's console.
func (k *keeper) sendConsole(r *run, signal, name string, next time.Duration) {
	r.asked = name               // before it is known to have arrived: the end that it brings may be seen first
	then := time.Now().Add(next) // from the order on: on a busy machine the sender's own start takes its part of the grace period
	err := k.startSender(signal, strconv.Itoa(r.PID), nil, func(sent bool) {
		switch {
		case r.exited:
		case !sent:
			r.asked = ""
			k.closeWindowsOf(r)
		case next > 0:
			time.AfterFunc(time.Until(then), func() { k.poll.Post(func() { k.closeWindowsOf(r) }) })
		}
	})
	if err != nil {
		printLine("daruma: sending "+name+": "+err.Error(), 0)
		k.closeWindowsOf(r)
	}
}

func (k *keeper) closeWindowsOf(r *run) {
	if r.exited || r.job == nil {
		return
	}
	var job windows.Handle
	self := windows.CurrentProcess()
	const query = 0x4 // JOB_OBJECT_QUERY
	if err := windows.DuplicateHandle(self, r.job.Handle, self, &job, query, true, 0); err != nil {
		return
	}
	defer windows.CloseHandle(job)
	before := r.asked
	r.asked = "WM_CLOSE"
	err := k.startSender(console.Close, strconv.Itoa(int(job)), []windows.Handle{job}, func(sent bool) {
		if !sent && !r.exited {
			r.asked = before // nobody got it
		}
	})
	if err != nil {
		r.asked = before
		printLine("daruma: sending WM_CLOSE: "+err.Error(), 0)
	}
}

// startSender starts the process that sends a signal, and has done called by the loop when it has ended: sent says whether somebody got
// the signal.
func (k *keeper) startSender(signal, target string, extra []windows.Handle, done func(sent bool)) error {
	exe := k.executable(false)
	plan := launch.Plan{Path: exe, Argv: []string{exe, console.Role, signal, target}, Env: os.Environ(), UID: launch.Leave, GID: launch.Leave}
	child, err := launch.Start(plan, launch.Attachments{Stdio: [3]windows.Handle{k.null, k.null, k.null}, Extra: extra, Flags: windows.DETACHED_PROCESS})
	if err != nil {
		return err
	}
	var w *poll.Waiter
	w, err = k.poll.WhenSignalled(child.Handle, func() {
		var code uint32
		_ = windows.GetExitCodeProcess(child.Handle, &code)
		w.Stop()
		windows.CloseHandle(child.Handle)
		done(console.Sent(code))
	})
	if err != nil {
		windows.CloseHandle(child.Handle)
	}
	return err
}
