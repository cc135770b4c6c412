package confine

import (
	"errors"
	"fmt"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errNoLandlock says why writing isn't restricted.
var errNoLandlock = errors.New("this kernel has none (Linux 5.13 or later, with landlock in its lsm= list)")

// Landlock gives the version of Landlock that this kernel has, from 1. The error says for people that it has none.
func Landlock() (abi int, err error) {
	n, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno == unix.ENOSYS || errno == unix.EOPNOTSUPP { // not built in; not in use
		return 0, errNoLandlock
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// writing are the rights over files and folders by which something is changed, for a kernel that knows this version of Landlock. Reading
// isn't restricted: what a supervisor reads, the definition names, and a reload names something else.
func writing(abi int) (access uint64) {
	access = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM
	if abi >= 2 {
		access |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		access |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	return access
}

// devices are what nobody makes in daruma's folders.
const devices = unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK

// restrictWriting allows this thread to write beneath the folders of r and nowhere else. What is open already stays so. The rules hold for
// the folders that are there now: one that is made anew under the same name is another one.
//
// Source: the kernel's userspace-api/landlock.rst. x/sys has the numbers and no functions.
func (r Rules) restrictWriting() error {
	if len(r.Write) == 0 {
		return nil
	}
	abi, err := Landlock()
	if err != nil {
		return err
	}
	handled := writing(abi)
	set := unix.LandlockRulesetAttr{Handled_access_fs: handled}
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&set)), unsafe.Sizeof(set.Handled_access_fs), 0)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(ruleset))
	for _, folder := range r.Write {
		if err := allow(int(ruleset), folder, handled&^devices); err != nil {
			return err
		}
	}
	if r.Cgroup != "" { // the folders in it are removed, and itself, which takes a right over the one above
		err := errors.Join(
			allowPath(int(ruleset), r.Cgroup, handled&(unix.LANDLOCK_ACCESS_FS_WRITE_FILE|unix.LANDLOCK_ACCESS_FS_TRUNCATE)),
			allowPath(int(ruleset), filepath.Dir(r.Cgroup), unix.LANDLOCK_ACCESS_FS_REMOVE_DIR))
		if err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// allow adds a rule for everything beneath an open folder. It waits for no disk.
func allow(ruleset, folder int, access uint64) error {
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(folder)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// allowPath is allow for a folder of the kernel's own file systems, where nothing can hang.
func allowPath(ruleset int, path string, access uint64) error {
	folder, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(folder)
		err = allow(ruleset, folder, access)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
