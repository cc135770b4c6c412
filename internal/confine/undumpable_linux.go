package confine

import (
	"os"

	"golang.org/x/sys/unix"
)

// init closes keeper and supervisor to the other processes of their account, before they read anything. To the kernel a process that
// can't be dumped belongs to root: whoever lacks CAP_SYS_PTRACE can't trace it, read its memory and environment, or take its open files
// (ptrace(2), proc(5), process_vm_readv(2), pidfd_getfd(2)). exec takes the mark away, so programs don't have it; and what this process
// does with /proc/self is allowed as before.
//
// RLIMIT_CORE stays as it is, because programs inherit it: the kernel writes no core file of such a process anyway.
func init() {
	if len(os.Args) > 1 && isOwnRole(os.Args[1]) {
		// It can't fail: PR_SET_DUMPABLE takes 0 from everybody.
		_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	}
}

// isOwnRole tells the first arguments of keepers, supervisors, the process that reads the definition for the keeper, and the one that reads what a
// keeper would hand over at an upgrade: all that it holds. The packages that define them are above this one.
func isOwnRole(argument string) bool {
	switch argument {
	case "keeper", "host", "supervisor", "reader", "handover":
		return true
	}
	return false
}
