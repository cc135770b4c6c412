package confine

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filter gives up the system calls that no supervisor makes, for all threads of this process. signals says that it may signal other
// processes. Where it fails the process has them all.
//
// no_new_privs goes with it: without CAP_SYS_ADMIN the kernel takes filters only from those who can't gain privileges.
func filter(signals bool) error {
	code := program(uint32(os.Getpid()), signals)
	if code == nil {
		return fmt.Errorf("seccomp: daruma has no filter for %s", runtime.GOARCH)
	}
	return code.install()
}

// install sets the filter for all threads.
func (a assembler) install() error {
	runtime.LockOSThread() // no_new_privs is a thread's until the filter goes to all of them
	defer runtime.UnlockOSThread()
	if err := noNewPrivileges(); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	fprog := unix.SockFprog{Len: uint16(len(a)), Filter: &a[0]}
	// TSYNC: all threads, and those of Go's runtime that wait in the kernel too.
	failed, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if failed != 0 {
		return fmt.Errorf("seccomp: thread %d has a filter of its own", failed)
	}
	return nil
}

// Offsets in struct seccomp_data, whose arguments are 64 bits wide; the lower half comes first on the machines that have a filter here.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArg0   = 16
	offsetArg1   = 24
	offsetArg2   = 32
)

// assembler collects instructions of classic BPF.
type assembler []unix.SockFilter

func (a *assembler) load(offset uint32) {
	*a = append(*a, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
}

// jump goes on at yes or no, counted in instructions behind this one.
func (a *assembler) jump(compare uint16, k uint32, yes, no uint8) {
	*a = append(*a, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | compare, K: k, Jt: yes, Jf: no})
}

func (a *assembler) ret(action uint32) {
	*a = append(*a, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action})
}

const (
	allowed = unix.SECCOMP_RET_ALLOW
	refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// program is the filter of the process pid; nil where there is none for this processor.
func program(pid uint32, signals bool) assembler {
	arch, ok := auditArch()
	if !ok {
		return nil
	}
	var a assembler
	a.load(offsetArch) // system calls have other numbers for programs of another processor, or of 32 bits
	a.jump(unix.BPF_JEQ, arch, 1, 0)
	a.ret(refused)
	a.load(offsetNumber)
	const x32 = 0x40000000 // the same calls by other numbers on amd64 (__X32_SYSCALL_BIT)
	a.jump(unix.BPF_JGE, x32, 0, 1)
	a.ret(refused)

	// New threads, and no new processes: not even one that shares nothing. clone3 has its flags in memory, where a filter can't look; who
	// is told that it doesn't exist takes clone.
	a.jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 4)
	a.load(offsetArg0)
	a.jump(unix.BPF_JSET, unix.CLONE_THREAD, 0, 1)
	a.ret(allowed)
	a.ret(refused)
	a.jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1)
	a.ret(unknown)

	a.only(unix.SYS_SOCKET, offsetArg0, unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK)
	a.only(unix.SYS_PRLIMIT64, offsetArg0, 0, pid)
	a.except(unix.SYS_IOCTL, offsetArg1, unix.TIOCSTI, unix.TIOCLINUX) // they write on a terminal as if a person typed
	a.files()
	if !signals {
		for _, nr := range []uint32{unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO} {
			a.only(nr, offsetArg0, pid) // Go's runtime signals its own threads
		}
		a.never(unix.SYS_TKILL, unix.SYS_PIDFD_SEND_SIGNAL)
	}
	a.never(neverCalled()...)
	a.never(neverCalledHere()...)
	a.ret(allowed)
	return a
}

// files refuses what Landlock leaves to whoever owns a file, and root owns nearly all: to open it to others, in its mode or with an access
// list in its attributes; and, before Linux 6.2, to empty it.
func (a *assembler) files() {
	a.only(unix.SYS_FCHMOD, offsetArg1, 0o600, 0o700, 0o644)
	a.only(unix.SYS_FCHMODAT, offsetArg2, 0o600, 0o700, 0o644)
	a.opens(unix.SYS_OPENAT, offsetArg2)
	a.filesHere()
	a.jump(unix.BPF_JEQ, unix.SYS_OPENAT2, 0, 1) // its flags are in memory
	a.ret(unknown)
	a.never(unix.SYS_FCHMODAT2, unix.SYS_TRUNCATE, unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
		unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT, unix.SYS_FILE_SETATTR)
}

// opens refuses to empty a file by an open that asks for no right to write, for Landlock looks at those alone. The call nr has its flags at
// offset.
func (a *assembler) opens(nr, offset uint32) {
	a.jump(unix.BPF_JEQ, nr, 0, 5)
	a.load(offset)
	a.jump(unix.BPF_JSET, unix.O_TRUNC, 0, 1)
	a.jump(unix.BPF_JSET, unix.O_ACCMODE, 0, 1)
	a.ret(allowed)
	a.ret(refused)
}

// only allows the call nr with these values of an argument.
func (a *assembler) only(nr, offset uint32, values ...uint32) {
	a.compare(nr, offset, values, allowed, refused)
}

// except refuses the call nr with these values of an argument.
func (a *assembler) except(nr, offset uint32, values ...uint32) {
	a.compare(nr, offset, values, refused, allowed)
}

func (a *assembler) compare(nr, offset uint32, values []uint32, equal, other uint32) {
	n := uint8(len(values))
	a.jump(unix.BPF_JEQ, nr, 0, n+3)
	a.load(offset)
	for i, v := range values {
		a.jump(unix.BPF_JEQ, v, n-uint8(i), 0)
	}
	a.ret(other)
	a.ret(equal)
}

// never refuses calls.
func (a *assembler) never(numbers ...uint32) {
	for _, nr := range numbers {
		a.jump(unix.BPF_JEQ, nr, 0, 1)
		a.ret(refused)
	}
}

// neverCalled are calls that no supervisor makes, by what they would be good for.
func neverCalled() []uint32 {
	return []uint32{
		// starting another program: the keeper starts all of them
		unix.SYS_EXECVE, unix.SYS_EXECVEAT,
		// reaching into other processes
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PIDFD_GETFD,
		unix.SYS_KCMP, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_PERF_EVENT_OPEN,
		// seeing or making other file systems and namespaces
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT,
		unix.SYS_FSPICK, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_UNSHARE, unix.SYS_SETNS,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_FANOTIFY_INIT, unix.SYS_MKNODAT,
		// becoming somebody else, giving files away
		unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETREUID, unix.SYS_SETREGID, unix.SYS_SETRESUID, unix.SYS_SETRESGID,
		unix.SYS_SETFSUID, unix.SYS_SETFSGID, unix.SYS_SETGROUPS, unix.SYS_CAPSET, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT,
		// what the kernel does, and often did wrong
		unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
		unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_PERSONALITY,
		// the machine as a whole
		unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
		unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_SETHOSTNAME,
		unix.SYS_SETDOMAINNAME, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
	}
}
