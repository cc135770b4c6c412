package tree

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Tree holds one program's processes: all of them, double forks and new sessions included.
//
// With a cgroup the kernel knows them. Without one, the keeper is their subreaper: what a program leaves behind becomes
// the keeper's child, and is recognised by its session or by DARUMA_RUN in its environment: the mark. The zero value is ready for Open.
type Tree struct {
	cg     *cgroup
	frozen bool // by Freeze
	killed bool // cg was killed: no process can be born in it any more
	empty  bool // Kill found nothing in cg: then nothing can come in before the next start
	dir    int  // cg's folder, open from Attach to Detach
	serial int
}

// groupPrefix begins the name of a program's cgroup: PREFIX ID . SERIAL.
const groupPrefix = "p-"

// Open prepares the tree for the next run of the program id: it makes a cgroup for it in the folder base, where that isn't "".
//
// One cgroup serves for many runs, but not after a kill: Linux 6.14 and later end a
// process that is cloned into a group which was ever killed. clone3 compares the kill count of the parent's group with
// that of the child's (b69bb476dee9, "cgroup: fix race between fork and cgroup.kill").
func (t *Tree) Open(base, id string) error {
	if t.frozen && t.cg != nil {
		// Its last run died frozen. A child born in a frozen group wouldn't reach its exec, and the start waits for that.
		if err := t.cg.freeze(false); err != nil {
			return err
		}
	}
	t.frozen = false
	if base == "" || t.cg != nil && !t.killed {
		return nil
	}
	if t.killed {
		t.Close()
	}
	t.serial++
	cg, err := makeCgroup(base + "/" + groupPrefix + id + "." + strconv.Itoa(t.serial))
	if errors.Is(err, os.ErrPermission) || errors.Is(err, unix.EROFS) {
		return nil // we could make base, and may not make this one: the tree is held without a cgroup
	}
	t.cg = cg
	return err
}

// Close removes the cgroup, in which nothing may run any more.
func (t *Tree) Close() {
	if t.cg != nil {
		removeBelow(t.cg.path)
		_ = unix.Rmdir(t.cg.path)
	}
	t.cg, t.killed = nil, false
}

// Attach has a child be born inside: there is no moment in which it could fork outside. Detach follows, once the child is there or
// couldn't be started.
func (t *Tree) Attach(sys *syscall.SysProcAttr) (err error) {
	t.empty = false
	if t.cg == nil {
		return nil
	}
	if t.dir, err = t.cg.open(); err != nil {
		return err
	}
	sys.UseCgroupFD, sys.CgroupFD = true, t.dir
	return nil
}

// Detach closes what Attach opened.
func (t *Tree) Detach() {
	if t.cg != nil && t.dir > 0 {
		unix.Close(t.dir)
		t.dir = 0
	}
}

// BeforeReap ends the process group while the main process still holds its number as a zombie.
// Afterwards the number could be another's.
func (t *Tree) BeforeReap(pid int) {
	if t.cg == nil {
		_ = unix.Kill(-pid, unix.SIGKILL)
	}
}

// Kill ends whatever is in the tree, and says whether there was anything. pid is the main process, mark the run's DARUMA_RUN.
func (t *Tree) Kill(pid int, mark string) bool {
	if t.cg != nil {
		if t.empty = !t.cg.populated(); t.empty {
			return false
		}
		t.cg.kill()
		t.killed = true
		return true
	}
	return orphans{session: pid, mark: mark}.kill()
}

// KillLeft does what Kill does, and gives what it ended by name.
func (t *Tree) KillLeft(pid int, mark string) (left Left) {
	if t.cg == nil {
		orphans{session: pid, mark: mark}.killNamed(&left)
		return left
	}
	if t.empty = !t.cg.populated(); t.empty {
		return left
	}
	t.cg.each(func(pid int) { left.add(func() string { return nameOf(pid) }) })
	left.Count = max(left.Count, 1) // it was populated
	t.cg.kill()
	t.killed = true
	return left
}

// HasCgroup says whether the tree is held by a cgroup.
func (t *Tree) HasCgroup() bool { return t.cg != nil }

// nameOf is the name of a process' executable, cut to 15 bytes by the kernel (proc_pid_comm(5)), or what the process calls itself. "": it is gone.
func nameOf(pid int) string {
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.TrimSuffix(string(name), "\n")
}

// Empty says that nothing of the tree is left. Zombies don't count: they run nothing.
func (t *Tree) Empty(pid int, mark string) bool {
	if t.cg != nil {
		return t.empty || !t.cg.populated()
	}
	return !orphans{session: pid, mark: mark}.any()
}

// Freeze stops the tree where it stands, or lets it go on.
func (t *Tree) Freeze(pid int, frozen bool) error {
	t.frozen = frozen
	if t.cg != nil {
		return t.cg.freeze(frozen)
	}
	sig := unix.SIGCONT
	if frozen {
		sig = unix.SIGSTOP
	}
	return unix.Kill(-pid, sig)
}

// State is a Tree in words, for another image of this process: see [Restore].
type State struct {
	Group                 string // folder of its cgroup; "": none
	Frozen, Killed, Empty bool
	Serial                int
}

// State gives the state between Detach and Attach.
func (t *Tree) State() State {
	s := State{Frozen: t.frozen, Killed: t.killed, Empty: t.empty, Serial: t.serial}
	if t.cg != nil {
		s.Group = t.cg.path
	}
	return s
}

// Restore gives the tree of which s is the state.
func Restore(s State) Tree {
	t := Tree{frozen: s.Frozen, killed: s.Killed, empty: s.Empty, serial: s.Serial}
	if s.Group != "" {
		t.cg = newCgroup(s.Group)
	}
	return t
}
