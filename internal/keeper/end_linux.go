package keeper

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mainExited: the main process of a run has ended. What is left of its tree ends now; if nothing is left, the
// standing order may restart it in this very moment.
func (k *keeper) mainExited(p *program, r *run) {
	if r == nil || r.exited {
		return
	}
	p.tree.beforeReap(r.PID)
	var info unix.Siginfo
	var usage unix.Rusage
	err := unix.Waitid(unix.P_PIDFD, r.pidfd, &info, unix.WEXITED|unix.WNOHANG, &usage)
	if err == unix.EINTR || err == nil && info.Signo == 0 {
		return // not yet
	}
	delete(k.byPID, r.PID)
	r.exited = true // its pidfd is closed later: see speak
	r.exit = exitOf(&info, &usage)
	if err != nil { // somebody reaped it before us; it is gone in any case
		r.exit.Code, r.exit.Signal = -1, 0
		r.failed = "its exit status was lost: " + err.Error()
	}
	r.exit.Strays = p.tree.kill(r.PID, k.runMark(p, r))
	k.fading[p] = struct{}{}
	k.settle(p)
}

// settle ends a run once its tree is empty: restart by standing order first, then tell.
func (k *keeper) settle(p *program) {
	r := p.alive
	if r == nil || !r.exited {
		return
	}
	if !p.tree.empty(r.PID, k.runMark(p, r)) {
		p.tree.kill(r.PID, k.runMark(p, r)) // what was forked while we killed
		r.lookAt = Now() + min(treePoll<<r.looks, rareTreePoll)
		r.looks = min(r.looks+1, 10)
		return
	}
	delete(k.fading, p)
	k.reaping = true
	k.mute = append(k.mute, r)
	p.alive = nil
	p.ended = append(p.ended, r)
	var startErr error
	if k.mayRestart(p, r) {
		r.next = p.newest + 1
		startErr = k.start(p, r.next)
	}
	k.send(&Exited{ID: p.id, Generation: r.Generation, Exit: r.exit, Next: r.next, Failed: r.failed})
	switch {
	case startErr != nil:
		k.send(&Failed{ID: p.id, Generation: r.next, Error: startErr.Error()})
	case p.alive != nil:
		if k.flushAt == 0 { // else a fast crash loop would never be told
			k.flushAt = Now() + headStart
		}
		k.announce(p)
	}
}

// mayRestart applies the standing order. While no supervisor drains them, ended runs hold their pipes: so many and no more.
func (k *keeper) mayRestart(p *program, r *run) bool {
	const backlog = 64
	return k.stops < 2 && !k.ending && !r.killed && r.failed == "" && p.launch != nil && len(p.ended) <= backlog &&
		p.order.covers(r.exit) && p.uses.allow(&p.order, Now())
}

// reap takes orphans off the process table: as their subreaper we are the parent of whatever a program left behind.
// It comes with every heartbeat and every end of a program. Not with SIGCHLD: a signal, its handler and a goroutine to
// tell would stand between a program's end and its restart, and a zombie can wait.
func (k *keeper) reap() {
	for {
		var info unix.Siginfo
		// Look without taking: a program's main process is waited for by its pidfd alone.
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
		default:
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
	}
}

// settleAll looks again at the trees that were still ending.
func (k *keeper) settleAll() {
	for p := range k.fading {
		if Now() >= p.alive.lookAt {
			k.settle(p)
		}
	}
}

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

func exitOf(info *unix.Siginfo, usage *unix.Rusage) Exit {
	c := childOf(info)
	e := Exit{
		At: Now(), Wall: time.Now().UnixNano(), MaxRSS: usage.Maxrss << 10,
		CPU: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
	}
	if info.Code == cldExited {
		e.Code = int(c.status)
		return e
	}
	e.Code, e.Signal, e.CoreDump = -1, int(c.status), info.Code == cldDumped
	return e
}

// signal obeys Signal. SIGCONT follows, as systemd does: a stopped process couldn't act on it otherwise.
func (k *keeper) signal(m *Signal) {
	p, r := k.find(m.ID, m.Generation)
	if r == nil {
		return
	}
	p.order = Order{}
	r.killed = true
	if r.exited {
		return
	}
	// The process can't be gone and its pid another's: it is our child, and we haven't reaped it.
	_ = unix.PidfdSendSignal(r.pidfd, unix.Signal(m.Signal), nil, 0)
	_ = unix.PidfdSendSignal(r.pidfd, unix.SIGCONT, nil, 0)
}

// kill obeys Kill: the whole tree. The main process' end is reported when it comes.
func (k *keeper) kill(m *Kill) {
	p, r := k.find(m.ID, m.Generation)
	if r == nil {
		return
	}
	p.order = Order{}
	r.killed = true
	k.killTree(p, r)
}

func (k *keeper) killTree(p *program, r *run) {
	if r.pidfd >= 0 {
		_ = unix.PidfdSendSignal(r.pidfd, unix.SIGKILL, nil, 0)
	}
	p.tree.kill(r.PID, k.runMark(p, r))
}

func (k *keeper) freeze(m *Freeze) {
	if p, r := k.find(m.ID, m.Generation); r != nil && !r.exited {
		_ = p.tree.freeze(r.PID, !m.Thaw)
		k.send(&Frozen{ID: m.ID, Generation: m.Generation, Thaw: m.Thaw})
	}
}

// find gives a program's live run if it is this generation. An order for another one came too late.
func (k *keeper) find(id string, generation uint64) (*program, *run) {
	p := k.programs[id]
	if p == nil || p.alive == nil || p.alive.Generation != generation {
		return p, nil
	}
	return p, p.alive
}

// forget drops ended runs that are acknowledged and released.
func (k *keeper) forget(id string, generation uint64, release bool) {
	p := k.programs[id]
	if p == nil {
		return
	}
	keep := p.ended[:0]
	for _, r := range p.ended {
		if r.Generation == generation {
			r.acked = r.acked || !release
			r.released = r.released || release
			if release {
				closeRun(r)
			}
		}
		if !r.acked || !r.released {
			keep = append(keep, r)
		}
	}
	clear(p.ended[len(keep):])
	p.ended = keep
	k.drop(p)
}

// drop lets go of a program that is unwanted once nothing of it is left to tell.
func (k *keeper) drop(p *program) {
	if p.unwanted && p.alive == nil && len(p.ended) == 0 {
		p.tree.close()
		delete(k.programs, p.id)
	}
}
