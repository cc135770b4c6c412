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
// windows. WM_CLOSE comes after m.Next, which is its share of the grace period, or at once where there is no console. Where there is no
// window either, the supervisor hears that nobody was asked.
func (k *keeper) signalRun(r *run, m *wire.Signal) {
	nobody := func() { k.send(&wire.Unasked{ID: m.ID, Generation: m.Generation}) }
	switch m.Signal {
	case wire.SignalKill:
		r.ended = true
		_ = windows.TerminateProcess(r.handle, tree.KilledCode)
	case wire.SignalClose:
		k.closeWindowsOf(r, nobody)
	case wire.SignalBreak:
		k.sendConsole(r, console.Break, "CTRL_BREAK", m.Next, nobody)
	default:
		k.sendConsole(r, console.CtrlC, "CTRL_C", m.Next, nobody)
	}
}

// sendConsole sends Ctrl+C or Ctrl+Break to everything on the program's console.
func (k *keeper) sendConsole(r *run, signal, name string, next time.Duration, nobody func()) {
	r.asked = name               // before it is known to have arrived: the end that it brings may be seen first
	then := time.Now().Add(next) // from the order on: on a busy machine the sender's own start takes its part of the grace period
	err := k.startSender(signal, strconv.Itoa(r.PID), nil, func(code uint32) {
		switch {
		case r.exited:
		case !console.Sent(code):
			r.asked = ""
			if !console.Nobody(code) {
				nobody = func() {} // there may be a console
			}
			k.closeWindowsOf(r, nobody)
		case next > 0:
			time.AfterFunc(time.Until(then), func() { k.poll.Post(func() { k.closeWindowsOf(r, func() {}) }) })
		}
	})
	if err != nil {
		printLine("daruma: sending "+name+": "+err.Error(), 0)
		k.closeWindowsOf(r, func() {})
	}
}

// closeWindowsOf sends WM_CLOSE to the windows of a run's tree. nobody is called where it has none.
func (k *keeper) closeWindowsOf(r *run, nobody func()) {
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
	err := k.startSender(console.Close, strconv.Itoa(int(job)), []windows.Handle{job}, func(code uint32) {
		if console.Sent(code) || r.exited {
			return
		}
		r.asked = before
		if console.Nobody(code) && !r.hasEnded() { // else it lost its console and its windows by ending
			nobody()
		}
	})
	if err != nil {
		r.asked = before
		printLine("daruma: sending WM_CLOSE: "+err.Error(), 0)
	}
}

// hasEnded says whether the main process has ended, even where the loop hasn't heard of it yet.
func (r *run) hasEnded() bool {
	event, err := windows.WaitForSingleObject(r.handle, 0)
	return err == nil && event == windows.WAIT_OBJECT_0
}

// startSender starts the process that sends a signal, and has done called by the loop with its exit code when it has ended.
func (k *keeper) startSender(signal, target string, extra []windows.Handle, done func(code uint32)) error {
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
		done(code)
	})
	if err != nil {
		windows.CloseHandle(child.Handle)
	}
	return err
}
