package confine

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kept are the capabilities that a supervisor of root needs. It reads definitions, envFiles and executables in folders that are closed to
// others, and ends programs of other accounts when the keeper is gone and no cgroup holds them.
func (r Rules) kept() (mask uint64) {
	mask = 1 << unix.CAP_DAC_READ_SEARCH
	if r.Signals {
		mask |= 1 << unix.CAP_KILL
	}
	return mask
}

// dropCapabilities leaves this thread the kept ones. At exec root gets what its bounding set holds, which root alone can change
// (capabilities(7)).
//
// An ordinary user's child keeps what this process has until [Self]: whoever has fewer capabilities than a process can't trace it
// (ptrace(2)), so no program of the account can take it over in the moment between exec and the instruction that makes it undumpable.
func (r Rules) dropCapabilities() error {
	have, err := capabilities()
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return passOn(have)
	}
	keep := r.kept()
	if err := clearAmbient(); err != nil {
		return err
	}
	if err := dropBounding(keep); err != nil {
		return err
	}
	for i := range have {
		have[i].Permitted &= uint32(keep >> (32 * i))
		have[i].Effective, have[i].Inheritable = have[i].Permitted, 0
	}
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &have[0])
}

// capabilities gives those of this thread, in two halves.
func capabilities() (have [2]unix.CapUserData, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return have, unix.Capget(&header, &have[0])
}

func clearAmbient() error {
	err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	if err == unix.EINVAL { // the kernel is older than ambient capabilities
		return nil
	}
	return err
}

// passOn has an ordinary user's capabilities survive exec.
func passOn(have [2]unix.CapUserData) error {
	for i := range have {
		have[i].Inheritable = have[i].Permitted
	}
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &have[0]); err != nil {
		return err
	}
	if err := clearAmbient(); err != nil {
		return err
	}
	for c := range uintptr(64) {
		if have[c/32].Permitted>>(c%32)&1 == 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, c, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// PassOn has this thread's capabilities survive its exec of another file, and returns what takes that back. It is for a process of an ordinary
// user that isn't to lose what a service manager gave it; root's survive anyway.
func PassOn() (undo func()) {
	have, err := capabilities()
	if err != nil || os.Geteuid() == 0 || have[0].Permitted|have[1].Permitted == 0 {
		return func() {}
	}
	_ = passOn(have)
	return func() {
		_ = clearAmbient()
		_ = unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &have[0])
	}
}

// dropPassedOn gives up, for all threads, what passOn has left to an ordinary user. The process is undumpable by now.
func dropPassedOn() error {
	have, err := capabilities()
	if err != nil || os.Geteuid() == 0 || have[0].Permitted|have[1].Permitted == 0 {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0)
	if errno == unix.ENOTSUP {
		return errors.New("this daruma is built with cgo, build it with CGO_ENABLED=0")
	}
	if errno != 0 {
		return errno
	}
	return nil
}

func dropBounding(keep uint64) error {
	for c := uintptr(0); c < 64; c++ {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if err != nil {
			return nil // the kernel knows no more
		}
		if has == 1 && keep>>c&1 == 0 {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
				return err
			}
		}
	}
	return nil
}
