package keeper

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/reserve"
)

// keptDescriptors is what starting another supervisor, and ending trees, may need.
const keptDescriptors = 16

// start forks, and has waited for the program's exec unless somebody else could hold that up: then run.starting is set, see
// starting.go. It decides how fast a program is up again: it sends no message, logs nothing and hardly allocates.
func (k *keeper) start(p *program, generation uint64) error {
	p.newest = generation
	if err := p.tree.Open(k.trees.base, p.id); err != nil {
		return fmt.Errorf("making a cgroup: %w", err)
	}
	r := &run{Run: wire.Run{Generation: generation}, mainProcess: mainProcess{pidfd: -1, launching: launch.Launching{Status: -1}}}
	l := p.launch
	with, err := k.pipes(r, l)
	if err != nil {
		return fmt.Errorf("making a pipe for its output: %w", err)
	}
	if err := reserve.DescriptorsBehind(r.streams[len(r.streams)-1].write, keptDescriptors); err != nil {
		closeRun(r)
		return err
	}
	plan := l.plan
	plan.Env = k.environment(l, k.runMark(p, r), generation, uint64(3+len(l.plan.ListenNames)))
	with.Listen, err = k.listeners(plan.ListenNames)
	if err == nil {
		with.Sys, err = k.attributes(p, r)
	}
	if err == nil {
		r.launching, err = launch.Start(plan, with)
	}
	p.tree.Detach()
	if err != nil {
		closeRun(r)
		return err
	}
	r.PID = r.launching.PID
	k.exposeToOOM(r.PID)
	r.At, r.Wall = monotonic.Now(), time.Now().UnixNano()
	p.alive = r
	k.byPID[r.PID] = p
	if r.launching.Status >= 0 {
		if err := k.awaitExec(p, r); err != nil {
			return err
		}
	}
	// Edge-triggered: a pidfd stays readable after the end, and is closed only when there is time for that.
	return k.poll.Add(r.pidfd, unix.EPOLLIN|unix.EPOLLET, func() { k.mainExited(p, r) })
}

// attributes are the child's beyond its plan. tree.Detach follows.
func (k *keeper) attributes(p *program, r *run) (*syscall.SysProcAttr, error) {
	sys := &syscall.SysProcAttr{
		Setsid:    true, // a session of its own: the terminal's Ctrl+C is for the keeper, not for the program
		Pdeathsig: syscall.SIGKILL,
		PidFD:     &r.pidfd,
	}
	return sys, p.tree.Attach(sys)
}

// pipes makes the run's pipes: one or two for its output, one for its notify channel where it has one, one for a standard input that stays open.
func (k *keeper) pipes(r *run, l *launchable) (with launch.Attachments, err error) {
	with.Stdio[0] = uintptr(k.null)
	if l.openStdin {
		if with.Stdio[0], err = r.inputPipe(l.plan.UID); err != nil {
			return with, err
		}
	}
	if with.Stdio[1], err = r.pipe("stdout"); err != nil {
		return with, err
	}
	with.Stdio[2] = with.Stdio[1]
	if l.split {
		if with.Stdio[2], err = r.pipe("stderr"); err != nil {
			return with, err
		}
	}
	giveOutput(r, l.plan.UID)
	if l.plan.Notify {
		with.Notify, err = r.pipe("notify")
	}
	return with, err
}

// giveOutput makes the pipes for the output the user's who runs the program: opening /dev/stdout opens the pipe anew, by its owner and mode,
// and nginx, php-fpm and Apache log there. runc does the same (fixStdioPermissions). Where it is refused the program still has its open files.
func giveOutput(r *run, uid int) {
	if uid == launch.Leave {
		return
	}
	for _, s := range r.streams {
		_ = unix.Fchown(s.write, uid, -1)
	}
}

// pipe makes one and gives its write end. The read end never blocks whoever reads it: keeper and supervisor share it.
func (r *run) pipe(name string) (uintptr, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		closeRun(r)
		return 0, err
	}
	_, _ = unix.FcntlInt(uintptr(fds[0]), unix.F_SETFL, unix.O_NONBLOCK) // it has no other flag
	r.streams = append(r.streams, stream{name, fds[0], fds[1]})
	return uintptr(fds[1]), nil
}

// inputPipe makes one that nobody writes to, and gives its read end. Each run has its own: a program may open its end anew for writing
// (/proc/self/fd/0), and another must not read that.
func (r *run) inputPipe(uid int) (uintptr, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		closeRun(r)
		return 0, err
	}
	r.stdin = fds[:]
	if uid != launch.Leave { // for /dev/stdin, see giveOutput
		_ = unix.Fchown(fds[0], uid, -1)
	}
	return uintptr(fds[0]), nil
}

func (k *keeper) listeners(names []string) ([]uintptr, error) {
	var fds []uintptr
	for _, n := range names {
		f := k.sockets[n]
		if f == nil {
			return nil, fmt.Errorf("there is no socket called %q", n)
		}
		fds = append(fds, f.file.Fd())
	}
	return fds, nil
}
