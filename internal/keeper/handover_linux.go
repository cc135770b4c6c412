package keeper

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/confine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// handoverVariable tells an image that it takes a keeper's process over: the number of the file with what that held;
// then, behind a comma, that of the image to go back to, or -1.
const handoverVariable = "DARUMA_HANDOVER"

// failedVariable says why the image that was handed this couldn't take it up.
const failedVariable = "DARUMA_HANDOVER_FAILED"

// replaceImage executes the other image, once nothing is under way that can't be handed over. It doesn't return where that succeeds.
func (k *keeper) replaceImage() {
	u := &k.up
	err := k.openOld()
	if err == nil {
		err = k.tryReplace()
	}
	switch {
	case errors.Is(err, errNotYet) && monotonic.Now() < u.deadline && k.stops == 0:
		u.tryAt = monotonic.Now() + tryAgain
		return
	case k.stops > 0 || k.ending:
		err = errStopped
	}
	k.dropImages()
	u.signals.end()
	if u.last.Error == "" {
		err = errors.New(upgradeText(k.runs.Path, err))
	}
	k.failUpgrade(err.Error())
}

// openOld opens the executable that the new image would go back to.
func (k *keeper) openOld() (err error) {
	if k.up.last.Error == "" {
		return k.openRunning()
	}
	return nil
}

// errNotYet says that something is under way that can't be handed over.
var errNotYet = errors.New("a program was being started, or the disk didn't answer, for too long")

// settleTime is about what a signal needs from its arrival to the keeper's loop.
const settleTime = 5 * time.Millisecond

func (k *keeper) tryReplace() error {
	if k.busyStarting() || stuckThread() != 0 {
		return errNotYet
	}
	k.up.signals.follow()
	holdSignals()
	defer releaseOwnSignals()
	time.Sleep(settleTime)
	k.poll.Wait(0)
	if k.busyStarting() || k.stops > 0 || k.ending {
		return errNotYet
	}
	for _, r := range k.toClose {
		r.closeWriteEnds()
		k.unwatch(r)
	}
	k.toClose = k.toClose[:0]
	held, err := k.writeHeld()
	if err != nil {
		return fmt.Errorf("writing down what is held: %w", err)
	}
	defer unix.Close(held)
	image := k.up.image
	if k.up.last.Error != "" {
		image = k.up.old
	}
	defer k.cfg.passOn()()
	return executeImage(image, held, k.oldImage(), k.heldFiles(), "", k.noSignal)
}

// noSignal is an error where a signal has come of which the keeper's loop doesn't know yet.
func (k *keeper) noSignal() error {
	switch any, stop := k.up.signals.came(); {
	case stop: // asked again it could say no, before the loop knows: the way there leads through other goroutines
		return errStopped
	case any:
		return errNotYet
	}
	return nil
}

// errStopped is why an upgrade ends that a stop has met.
var errStopped = errors.New("the service was stopped meanwhile")

// passOn has the other image get the capabilities that systemd gave this one: package hosting took them out of what exec passes on. undo takes
// that back.
func (c *Config) passOn() (undo func()) {
	if c.Handle == nil || c.Handle.OnState == nil { // nobody hosts it
		return func() {}
	}
	return confine.PassOn()
}

// executeImage has another image take this process over. It returns an error, with everything as before.
// old is the image that the other one may go back to, -1 where it may not. last is asked at the very end; its error is returned.
func executeImage(image, held, old int, files []int, failed string, last func() error) error {
	files = append(files, held)
	if old >= 0 {
		files = append(files, old)
	}
	for _, fd := range files {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
	}
	env := append(withoutHandover(os.Environ()), handoverVariable+"="+strconv.Itoa(held)+","+strconv.Itoa(old))
	if failed != "" {
		env = append(env, failedVariable+"="+failed)
	}
	var before, after unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &before)
	if err := last(); err != nil {
		closeOnExec(files)
		return err
	}
	// It gives the limit of open files back that Go's runtime has raised, and waits for the runtime's own threads.
	err := syscall.Exec("/proc/self/fd/"+strconv.Itoa(image), os.Args, env)
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &after) == nil && after.Cur < before.Cur { // that is done where it fails, too
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &before)
	}
	closeOnExec(files)
	return err
}

func closeOnExec(files []int) {
	for _, fd := range files {
		unix.CloseOnExec(fd)
	}
}

// always is for an image that has nothing more to ask.
func always() error { return nil }

func withoutHandover(all []string) (env []string) {
	for _, v := range all {
		if name, _, _ := strings.Cut(v, "="); name != handoverVariable && name != failedVariable && name != checkVariable {
			env = append(env, v)
		}
	}
	return env
}

// oldImage is the file that the image which takes over may go back to, or -1 where this is the way back.
func (k *keeper) oldImage() int {
	if k.up.last.Error != "" {
		return -1
	}
	return k.up.old
}

// heldFiles are the files that go over beside the one in which they are named.
func (k *keeper) heldFiles() []int {
	files := []int{k.lock.FD()}
	for _, s := range k.sockets {
		files = append(files, int(s.file.Fd()))
		if s.made != nil {
			files = append(files, s.made.folder)
		}
	}
	for _, p := range k.programs {
		for _, r := range p.runs() {
			files = append(files, r.files()...)
		}
	}
	return files
}

// runs are those of which something is held.
func (p *program) runs() []*run {
	all := p.ended[:len(p.ended):len(p.ended)]
	if p.alive != nil {
		all = append(all, p.alive)
	}
	return all
}

func (r *run) files() (list []int) {
	if r.pidfd >= 0 {
		list = append(list, r.pidfd)
	}
	for _, s := range r.streams {
		list = append(list, s.fd)
		if s.write != noDescriptor {
			list = append(list, s.write)
		}
	}
	return append(list, r.stdin...)
}

// writeHeld writes what this keeper holds into memory, and gives the file.
func (k *keeper) writeHeld() (int, error) {
	data, err := k.held()
	if err != nil {
		return -1, err
	}
	fd, err := unix.MemfdCreate("held", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, err
	}
	for off := 0; off < len(data); {
		n, err := unix.Pwrite(fd, data[off:], int64(off))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			unix.Close(fd)
			return -1, err
		}
		off += n
	}
	return fd, nil
}

// held is what this keeper holds, as package wire has it.
func (k *keeper) held() (data []byte, err error) {
	add := func(m wire.Message) { data = wire.AppendFrame(data, m, 0) }
	add(k.heldKeeper())
	for _, p := range k.programs {
		add(p.held())
		for _, r := range p.runs() {
			add(r.held(p.id, r == p.alive))
		}
	}
	for name, s := range k.sockets {
		m := &wire.HeldSocket{Name: name, Network: s.network, Address: s.address, File: int(s.file.Fd()), Folder: -1}
		if s.made != nil {
			m.Folder, m.Base, m.Dev, m.Ino = s.made.folder, s.made.name, s.made.dev, s.made.ino
		}
		add(m)
	}
	for key, part := range k.snapshot {
		add(&wire.SnapshotPart{Key: key, Data: part})
	}
	for _, r := range k.allowed.toHandOver() {
		add(r.message())
	}
	for _, m := range k.waiting {
		add(m)
	}
	add(&wire.HeldEnd{})
	return data, nil
}

func (k *keeper) heldKeeper() *wire.HeldKeeper {
	u := &k.up
	m := &wire.HeldKeeper{
		Format: wire.HeldFormat, PID: os.Getpid(), Mark: k.mark, Version: k.runs.Version, Path: k.runs.Path,
		Sessions: k.sessions, UpgradeSessions: u.sessions, Deaths: k.sup.deaths, LastSign: k.sup.lastSign,
		Cgroup: k.trees.base, NoCgroup: k.trees.without, Reload: k.reload, Paused: k.paused,
		Terminal: k.terminal.there, NoHUP: k.terminal.optional, OOMLast: k.oom.last, OOMBefore: k.oom.before, Asked: k.allowed.asked,
		Candidate: u.candidate, Outcome: u.last,
	}
	if k.lock != nil {
		m.Lock = k.lock.FD()
	}
	return m
}

func (p *program) held() *wire.HeldProgram {
	t := p.tree.State()
	m := &wire.HeldProgram{ID: p.id, Grant: p.grant, Uses: p.uses, Newest: p.newest, Unwanted: p.unwanted,
		Group: t.Group, Frozen: t.Frozen, Killed: t.Killed, Empty: t.Empty, Serial: t.Serial}
	if l := p.launch; l != nil {
		m.Started, m.Plan, m.Split, m.OpenStdin = true, launch.Encode(&l.plan), l.split, l.openStdin
	}
	return m
}

func (r *run) held(id string, alive bool) *wire.HeldRun {
	m := &wire.HeldRun{ID: id, Run: r.Run, Alive: alive, PidFD: r.pidfd, Stdin: r.stdin, Exited: r.exited, Exit: r.exit, Next: r.next,
		Failed: r.failed, Killed: r.killed, Acked: r.acked, Released: r.released}
	for _, s := range r.streams {
		m.Streams = append(m.Streams, wire.HeldStream{Name: s.name, Read: s.fd, Write: s.write})
	}
	return m
}

// message is what the process that read the definition had written.
func (a *rules) message() *wire.Allowed {
	m := &wire.Allowed{Sockets: a.sockets}
	for v := range a.env {
		m.Env = append(m.Env, v)
	}
	for _, r := range a.runs {
		one := r.AllowedRun
		one.Plan = launch.Encode(r.plan)
		m.Programs = append(m.Programs, one)
	}
	return m
}
