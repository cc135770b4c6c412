package launch

import (
	"strconv"
	"syscall"
	"unsafe"
)

// passFiles leaves the program 0 to 2, the sockets and the notify channel, and closes everything else at exec. Marking, not closing: the
// status pipe is needed until then, and the runtime's own files (its epoll) too.
func (p *Plan) passFiles() *Error {
	first := 3 + len(p.ListenNames)
	for fd := 3; fd < first; fd++ {
		step := "handing over socket " + quote(p.ListenNames[fd-3])
		if _, errno := fcntl(fd, syscall.F_SETFD, 0); errno != 0 {
			return failed(errno, step)
		}
		// O_NONBLOCK belongs to the socket, not to the process: the run before may have set it (Go does). A new run
		// finds the socket as the first one did. systemd does the same.
		flags, errno := fcntl(fd, syscall.F_GETFL, 0)
		if errno == 0 && flags&syscall.O_NONBLOCK != 0 {
			_, errno = fcntl(fd, syscall.F_SETFL, flags&^syscall.O_NONBLOCK)
		}
		if errno != 0 {
			return failed(errno, step)
		}
	}
	if p.Notify {
		if _, errno := fcntl(first, syscall.F_SETFD, 0); errno != 0 {
			return failed(errno, "handing over the notify channel")
		}
		first++
	}
	return markFiles(first)
}

// CloseOnExec marks every open file from first up close-on-exec. A keeper calls it once at its start, with 3 or the number
// after the files it was given on purpose: every program would inherit the others.
func CloseOnExec(first int) error {
	if err := markFiles(first); err != nil {
		return err
	}
	return nil
}

func markFiles(first int) *Error {
	const closeOnExec = 4 // CLOSE_RANGE_CLOEXEC
	_, _, errno := syscall.RawSyscall(sysCloseRange, uintptr(first), ^uintptr(0)>>(strconv.IntSize-32), closeOnExec)
	if errno == syscall.ENOSYS || errno == syscall.EINVAL { // before Linux 5.11
		return markOneByOne(first)
	}
	return failed(errno, "closing files")
}

// markOneByOne is close_range for old kernels.
func markOneByOne(first int) *Error {
	const step = "closing files through /proc/self/fd"
	dir, err := syscall.Open("/proc/self/fd", syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return failed(errnoOf(err), step)
	}
	defer syscall.Close(dir)
	var buf [4096]byte
	for {
		n, err := syscall.ReadDirent(dir, buf[:])
		if err != nil {
			return failed(errnoOf(err), step)
		}
		if n == 0 {
			return nil
		}
		_, _, names := syscall.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if fd, err := strconv.Atoi(name); err == nil && fd >= first {
				fcntl(fd, syscall.F_SETFD, syscall.FD_CLOEXEC)
			}
		}
	}
}

func fcntl(fd, command, arg int) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), uintptr(command), uintptr(arg))
	return int(n), errno
}

func (p *Plan) setRlimits() *Error {
	for _, l := range p.Rlimits {
		number, _ := rlimitNumber(l.Name)
		if err := syscall.Setrlimit(number, &syscall.Rlimit{Cur: l.Soft, Max: l.Hard}); err != nil {
			return failed(errnoOf(err), "setting rlimit "+l.Name+" to "+limitText(l))
		}
	}
	return nil
}

func limitText(l Rlimit) string {
	if l.Soft == l.Hard {
		return limitValue(l.Soft)
	}
	return limitValue(l.Soft) + ":" + limitValue(l.Hard)
}

func limitValue(n uint64) string {
	if n == Unlimited {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

func (p *Plan) setNice() *Error {
	if p.Nice == nil {
		return nil
	}
	const whichProcess, thisThread = 0, 0 // PRIO_PROCESS means a thread in Linux
	_, _, errno := syscall.RawSyscall(syscall.SYS_SETPRIORITY, whichProcess, thisThread, uintptr(*p.Nice))
	if errno == syscall.EACCES {
		errno = syscall.EPERM // "operation not permitted": "permission denied" makes people search for a file
	}
	return failed(errno, "setting niceness to "+itoa(int64(*p.Nice)))
}

func (p *Plan) setUmask() *Error {
	if p.Umask != nil {
		syscall.Umask(int(*p.Umask))
	}
	return nil
}

func (p *Plan) setGroups() *Error {
	if p.SetGroups {
		list := make([]uint32, len(p.Groups))
		for i, g := range p.Groups {
			list[i] = uint32(g)
		}
		_, _, errno := syscall.RawSyscall(sysSetgroups, uintptr(len(list)), uintptr(unsafe.Pointer(unsafe.SliceData(list))), 0)
		if errno != 0 {
			return failed(errno, "setting supplementary groups")
		}
	}
	if p.GID == Leave {
		return nil
	}
	gid := uintptr(uint32(p.GID))
	_, _, errno := syscall.RawSyscall(sysSetresgid, gid, gid, gid)
	return failed(errno, "becoming group "+itoa(int64(p.GID)))
}

func (p *Plan) setUser() *Error {
	if p.UID == Leave {
		return nil
	}
	if len(p.AddCaps) > 0 {
		if errno := prctl(syscall.PR_SET_KEEPCAPS, 1); errno != 0 { // exec clears it
			return failed(errno, "keeping capabilities across the change of user")
		}
	}
	p.leftRoot = p.UID != 0 && effectiveUser() == 0
	uid := uintptr(uint32(p.UID))
	_, _, errno := syscall.RawSyscall(sysSetresuid, uid, uid, uid)
	return failed(errno, "becoming user "+itoa(int64(p.UID)))
}

func (p *Plan) setNoNewPrivs() *Error {
	if !p.NoNewPrivs {
		return nil
	}
	const setNoNewPrivs = 38 // PR_SET_NO_NEW_PRIVS
	return failed(prctl(setNoNewPrivs, 1), "forbidding new privileges")
}

// setParentDeath asks for SIGKILL when the keeper dies, and makes sure that it hasn't died already.
func (p *Plan) setParentDeath() *Error {
	if p.Parent == 0 {
		return nil
	}
	if errno := prctl(syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL)); errno != 0 {
		return failed(errno, "asking for the parent-death signal")
	}
	if parent, _, _ := syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0); int(parent) != p.Parent {
		return &Error{Step: "the keeper died during the start"}
	}
	return nil
}

func (p *Plan) enterDir() *Error {
	if p.Dir == "" {
		return nil
	}
	if err := syscall.Chdir(p.Dir); err != nil {
		return failed(errnoOf(err), EnteringStep+p.Dir)
	}
	return nil
}

// resetSignals gives the program the signals a freshly booted process has: none blocked, none ignored. exec itself
// resets those with a handler and keeps those ignored, whoever ignored them (nohup, a shell's background job).
func (p *Plan) resetSignals() *Error {
	UnignoreSignals()
	const setMask = 2 // SIG_SETMASK
	var zero [8]uint64
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, setMask, uintptr(unsafe.Pointer(&zero)), 0, sizeofSignals, 0, 0)
	return failed(errno, "unblocking signals")
}

const sizeofSignals = 8 // bytes of a kernel signal set

// UnignoreSignals gives the default action to every signal that this process was started with ignored. A keeper calls it
// before it catches its own: a program that is started directly inherits what its keeper ignores.
func UnignoreSignals() {
	var zero [8]uint64
	for sig := uintptr(1); sig <= 64; sig++ {
		var old [8]uint64
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, sig, 0, uintptr(unsafe.Pointer(&old)), sizeofSignals, 0, 0)
		if errno == 0 && old[0] == 1 { // SIG_IGN; all zero is SIG_DFL
			syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&zero)), 0, sizeofSignals, 0, 0)
		}
	}
}

func effectiveUser() int {
	uid, _, _ := syscall.RawSyscall(sysGeteuid, 0, 0, 0)
	return int(uid)
}

func prctl(option, value uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, value, 0, 0, 0, 0)
	return errno
}
