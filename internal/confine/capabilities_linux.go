package confine

import (
	"os"

	"golang.org/x/sys/unix"
)

// kept are the capabilities that a supervisor of root needs. It reads definitions, envFiles and executables in folders that are closed to
// others, and ends programs of other accounts when the keeper is gone and no cgroup holds them.
func (r Rules) kept() (mask uint64) {
	if os.Geteuid() != 0 {
		return 0
	}
	mask = 1 << unix.CAP_DAC_READ_SEARCH
	if r.Signals {
		mask |= 1 << unix.CAP_KILL
	}
	return mask
}

// dropCapabilities leaves this thread the kept ones. At exec root gets what its bounding set holds, and an ordinary user nothing
// (capabilities(7)), so the bounding set counts for root alone, who can change it.
func (r Rules) dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return err
	}
	keep := r.kept()
	// EINVAL: the kernel is older than ambient capabilities.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil && err != unix.EINVAL {
		return err
	}
	if os.Geteuid() == 0 {
		if err := dropBounding(keep); err != nil {
			return err
		}
	}
	var want [2]unix.CapUserData
	for i := range want {
		want[i].Permitted = have[i].Permitted & uint32(keep>>(32*i))
		want[i].Effective = want[i].Permitted
	}
	return unix.Capset(&header, &want[0])
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
