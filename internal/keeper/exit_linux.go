package keeper

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// mainExited is called when the main process of a run has ended. It kills what is left of the tree; where nothing is left, the restart
// grant may restart the program in this very moment.
func (k *keeper) mainExited(p *program, r *run) {
	if r == nil || r.exited {
		return
	}
	mark := k.runMark(p, r)
	early, looked := tree.Left{}, false
	if !p.tree.HasCgroup() && !r.killed && endsWell(r.pidfd) { // its process group ends with it, and its children there would have no name any more
		early, looked = p.tree.KillLeft(r.PID, mark), true
	}
	p.tree.BeforeReap(r.PID)
	var info unix.Siginfo
	var usage unix.Rusage
	err := unix.Waitid(unix.P_PIDFD, r.pidfd, &info, unix.WEXITED|unix.WNOHANG, &usage)
	if err == unix.EINTR || err == nil && info.Signo == 0 {
		return // not yet
	}
	delete(k.byPID, r.PID)
	if r.starting {
		k.launcherSaid(p, r) // its end closed the status pipe
	}
	r.exited = true // its pidfd is closed later: see finishTurn
	r.exit = exitOf(&info, &usage)
	if err != nil { // somebody reaped it before us; it is gone in any case
		r.exit.Code, r.exit.Signal = -1, 0
		r.failed = "its exit status was lost: " + err.Error()
	}
	if r.exit.Signal == int(unix.SIGKILL) && !r.killed && !r.starting {
		r.exit.NoMemory = k.oom.claim()
	}
	switch {
	case looked:
		r.noteLeft(early)
	case r.endedWell():
		r.noteLeft(p.tree.KillLeft(r.PID, mark))
	default:
		r.exit.Orphans = p.tree.Kill(r.PID, mark)
	}
	k.emptying[p] = struct{}{}
	k.finishRun(p)
}

// endsWell says whether a main process has ended with exit code 0. It stays a zombie.
func endsWell(pidfd int) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PIDFD, pidfd, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0 && info.Code == cldExited && childOf(&info).status == 0
}

// slept is called after each sleep of the loop: what ended it may have been the end of an orphan.
func (k *keeper) slept() { k.reapDue = true }

// reap takes orphans off the process table: as their subreaper we are the parent of whatever a program left behind. A zombie counts for
// RLIMIT_NPROC and pids.max.
//
// It is called soon after each sleep of the loop, and needs no handler for SIGCHLD, whose goroutine would stand between a program's end and
// its restart. Go's runtime catches that signal anyway, and the kernel gives a signal of the whole process to its main thread where that
// can take it. That thread sleeps in epoll_wait(2), which SIGCHLD ends with EINTR (signal(7): always, whatever SA_RESTART says). A signal
// that comes while the loop is awake is covered by the look after its turn, or by that after the next heartbeat.
func (k *keeper) reap() {
	for {
		var info unix.Siginfo
		// Without taking it (WNOWAIT): a program's main process is waited for by its pidfd alone.
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != nil || info.Signo == 0 {
			return
		}
		pid := int(childOf(&info).pid)
		switch p := k.byPID[pid]; {
		case p != nil:
			k.mainExited(p, p.alive)
		case pid == k.sup.pid:
			k.supervisorExited()
		case pid == k.up.check.pid:
			k.checkEnded()
		default:
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
	}
}

// forgetOldKills is called at every heartbeat.
func (k *keeper) forgetOldKills() { k.oom.age() }

// child is the part of siginfo_t that waitid(2) fills in for SIGCHLD; x/sys leaves it out.
type child struct {
	pid    int32
	uid    uint32
	status int32
}

func childOf(info *unix.Siginfo) *child {
	// After three ints the union begins, aligned like a pointer.
	return (*child)(unsafe.Add(unsafe.Pointer(info), 8+unsafe.Sizeof(uintptr(0))))
}

// Values of si_code for SIGCHLD (bits/siginfo-consts.h).
const (
	cldExited = 1
	cldDumped = 3
)

func exitOf(info *unix.Siginfo, usage *unix.Rusage) wire.Exit {
	c := childOf(info)
	e := wire.Exit{
		At: monotonic.Now(), Wall: time.Now().UnixNano(), MaxRSS: usage.Maxrss << 10,
		CPU: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
	}
	if info.Code == cldExited {
		e.Code = int(c.status)
		return e
	}
	e.Code, e.Signal, e.CoreDump = -1, int(c.status), info.Code == cldDumped
	return e
}

// signalRun sends a signal to the main process. SIGCONT follows, as systemd does: a stopped process couldn't act on it
// otherwise.
func (k *keeper) signalRun(r *run, m *wire.Signal) {
	// The pid can't be another process' by now: this one is our child, and we haven't reaped it.
	_ = unix.PidfdSendSignal(r.pidfd, unix.Signal(m.Signal), nil, 0)
	_ = unix.PidfdSendSignal(r.pidfd, unix.SIGCONT, nil, 0)
}

func (k *keeper) killTree(p *program, r *run) {
	if r.pidfd >= 0 {
		_ = unix.PidfdSendSignal(r.pidfd, unix.SIGKILL, nil, 0)
	}
	p.tree.Kill(r.PID, k.runMark(p, r))
}

func (k *keeper) treeEmpty(p *program, r *run) bool { return p.tree.Empty(r.PID, k.runMark(p, r)) }

func (k *keeper) freezeTree(p *program, r *run, frozen bool) { _ = p.tree.Freeze(r.PID, frozen) }
