package keeper

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// trees is how process trees are held together on this machine: by cgroups where base isn't "".
type trees struct {
	base    string // folder of the service's cgroup
	without string // why there is none, for people
}

// tree holds one program's processes: all of them, double forks and new sessions included.
//
// With a cgroup the kernel knows them. Without one, the keeper is their subreaper: what a program leaves behind becomes
// the keeper's child, and is recognised by its session or by DARUMA_RUN in its environment.
type tree struct {
	cg     *cgroup
	frozen bool // by order
	killed bool // cg was killed: it can't be born into any more
	serial int
}

// open makes the cgroup of a program. It serves for many runs, but not after a kill: Linux 6.14 and later end a
// process that is cloned into a group which was ever killed. clone3 compares the kill count of the parent's group with
// that of the child's (b69bb476dee9, "cgroup: fix race between fork and cgroup.kill").
func (t *tree) open(all trees, id string) error {
	if t.frozen && t.cg != nil {
		// Its last run died frozen. A child born into a frozen group wouldn't reach its exec, and we wait for that.
		if err := t.cg.freeze(false); err != nil {
			return err
		}
	}
	t.frozen = false
	if all.base == "" || t.cg != nil && !t.killed {
		return nil
	}
	if t.killed {
		t.close()
	}
	t.serial++
	cg, err := openCgroup(filepath.Join(all.base, "p-"+id+"."+strconv.Itoa(t.serial)))
	if errors.Is(err, os.ErrPermission) || errors.Is(err, unix.EROFS) {
		return nil // the base was ours, but this one isn't given: hold the tree the other way
	}
	t.cg = cg
	return err
}

// close removes the cgroup; nothing runs in it.
func (t *tree) close() {
	if t.cg != nil {
		t.cg.close()
		removeBelow(t.cg.path)
		_ = unix.Rmdir(t.cg.path)
	}
	t.cg, t.killed = nil, false
}

// attach lets the child be born inside: there is no moment in which it could fork outside.
func (t *tree) attach(sys *syscall.SysProcAttr) {
	if t.cg != nil {
		sys.UseCgroupFD = true
		sys.CgroupFD = t.cg.dir
	}
}

// beforeReap ends the process group while the main process still holds its number as a zombie.
// Afterwards the number could be another's.
func (t *tree) beforeReap(pid int) {
	if t.cg == nil {
		_ = unix.Kill(-pid, unix.SIGKILL)
	}
}

// kill ends whatever is in the tree, and says whether there was anything besides the main process.
func (t *tree) kill(pid int, mark string) bool {
	if t.cg != nil {
		if !t.cg.populated() {
			return false
		}
		t.cg.kill()
		t.killed = true
		return true
	}
	return killStrays(strays{session: pid, mark: mark})
}

// empty says that nothing of the tree is left. Zombies don't count: they run nothing.
func (t *tree) empty(pid int, mark string) bool {
	if t.cg != nil {
		return !t.cg.populated()
	}
	return !anyStrays(strays{session: pid, mark: mark})
}

// freeze stops the tree where it stands, or lets it go on.
func (t *tree) freeze(pid int, frozen bool) error {
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
