package launch

import (
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// init turns the process into the launcher where [Start] asked for one. See the package's documentation for why here.
func init() {
	text, asked := syscall.Getenv(launchVariable)
	if !asked {
		return
	}
	// The plan may hold secrets of the program that no other process of this account may read. exec makes it readable again.
	prctl(syscall.PR_SET_DUMPABLE, 0)
	fd, err := strconv.Atoi(text)
	if err != nil || fd < 3 {
		say(2, "daruma: "+launchVariable+" is set, but only daruma itself may set it: unset it\n")
		exit()
	}
	Main(fd)
}

// Main carries out the plan in fd and execs the program in place. It reports to fd+1 and never returns: where a step
// fails, the process ends with exit code 127, as a shell's does that couldn't exec.
//
// Credentials, capabilities, securebits, no_new_privs, niceness, the signal mask and the parent-death signal belong to a
// thread in Linux; glibc and Go only make it look otherwise. execve ends all other threads and goes on with those of
// the thread that called it. So everything here runs on one locked thread, with raw system calls, and the other threads don't
// matter. They keep root's rights until exec, but run nothing of ours; and the kernel makes a
// process whose user changed undumpable, so that its new user can't reach into it.
func Main(fd int) {
	runtime.LockOSThread()
	report(fd+1, run(fd))
	exit()
}

// run takes the steps in an order that has reasons: each says why it stands where it does.
func run(fd int) *Error {
	p, err := readPlan(fd)
	if err != nil {
		return err
	}
	x, err := p.prepareExec() // before the limits: afterwards there may be no memory to be had
	if err != nil {
		return err
	}
	steps := [...]func(*Plan) *Error{
		(*Plan).passFiles,    // needs /proc/self/fd on old kernels, which the new user couldn't read
		(*Plan).setRlimits,   // raising a hard limit needs CAP_SYS_RESOURCE
		(*Plan).setNice,      // CAP_SYS_NICE below the present value
		(*Plan).setUmask,     //
		(*Plan).dropBounding, // CAP_SETPCAP, which the new user won't have
		(*Plan).setGroups,    // CAP_SETGID; groups before user, or there would be no right to set them
		(*Plan).setUser,      // CAP_SETUID; takes the capabilities with it, but for those that PR_SET_KEEPCAPS holds
		(*Plan).setCaps,      // what is left to hold, seen from the new user
		(*Plan).setNoNewPrivs,
		(*Plan).setParentDeath, // the change of user cleared it
		(*Plan).enterDir,       // as the new user: a folder closed to it must fail
		(*Plan).resetSignals,   // last: Go's runtime needs its signals until then
	}
	for _, step := range steps {
		if err := step(p); err != nil {
			return err
		}
	}
	say(fd+1, string(rune(reachedExec)))
	return failed(x.exec(), StartingStep+p.Path)
}

// execArguments are execve's, as C wants them.
type execArguments struct {
	path      *byte
	argv, env []*byte
}

func (p *Plan) prepareExec() (*execArguments, *Error) {
	var x execArguments
	var errs [3]error
	x.path, errs[0] = syscall.BytePtrFromString(p.Path)
	x.argv, errs[1] = syscall.SlicePtrFromStrings(p.Argv)
	x.env, errs[2] = syscall.SlicePtrFromStrings(p.environment())
	for _, err := range errs {
		if err != nil {
			return nil, failed(errnoOf(err), "preparing the arguments")
		}
	}
	restoreOpenFiles()
	return &x, nil
}

// restoreOpenFiles sets the soft limit of open files to what the launcher was started with: package syscall raises it when
// a Go process starts, keeps the old value to itself, and puts it back in syscall.Exec only. So this is an exec that
// can't succeed.
func restoreOpenFiles() { _ = syscall.Exec("", nil, nil) }

// exec replaces the process by the program, or says why not.
//
// syscall.Exec isn't used, because it allocates: under a low limit of address space the mmap that this may need fails, and Go's
// runtime dies of that. What syscall.Exec is good for isn't needed: it keeps the runtime from making a thread during the exec,
// which the kernel would refuse, and the runtime would die of. The launcher runs with GOMAXPROCS=1 and no garbage
// collector; only a thread that runs Go code makes another, and from the first step on this is the only one.
func (x *execArguments) exec() syscall.Errno {
	_, _, errno := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(x.path)),
		uintptr(unsafe.Pointer(unsafe.SliceData(x.argv))), uintptr(unsafe.Pointer(unsafe.SliceData(x.env))))
	return errno
}

// readPlan takes the plan out of the memfd. By position: the offset is shared with the keeper.
func readPlan(fd int) (*Plan, *Error) {
	var info syscall.Stat_t
	if err := syscall.Fstat(fd, &info); err != nil {
		return nil, &Error{Step: "reading the launch plan", Errno: errnoOf(err)}
	}
	if info.Size > maxPlan {
		return nil, &Error{Step: "reading the launch plan", Errno: syscall.E2BIG}
	}
	data := make([]byte, info.Size)
	for n := 0; n < len(data); {
		got, err := syscall.Pread(fd, data[n:], int64(n))
		if err == syscall.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return nil, &Error{Step: "reading the launch plan", Errno: errnoOf(err)}
		}
		n += got
	}
	p, err := Decode(data)
	if err != nil {
		return nil, err.(*Error)
	}
	return p, nil
}

// environment is the program's, with the variables of sd_listen_fds(3) where there are sockets.
func (p *Plan) environment() []string {
	if len(p.ListenNames) == 0 {
		return p.Env
	}
	env := make([]string, 0, len(p.Env)+3)
	for _, v := range p.Env {
		if name, _ := cut(v, '='); name != "LISTEN_PID" && name != "LISTEN_FDS" && name != "LISTEN_FDNAMES" {
			env = append(env, v)
		}
	}
	names := p.ListenNames[0]
	for _, n := range p.ListenNames[1:] {
		names += ":" + n
	}
	return append(env, "LISTEN_PID="+itoa(int64(syscall.Getpid())), "LISTEN_FDS="+itoa(int64(len(p.ListenNames))),
		"LISTEN_FDNAMES="+names)
}

// report writes to the keeper which step failed: errno, then the step's text.
func report(status int, e *Error) {
	if e == nil {
		return
	}
	n := uint32(e.Errno)
	message := string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}) + e.Step
	if len(message) > 4000 { // one atomic write, and what readStatus takes
		message = message[:4000]
	}
	say(status, message)
}

func say(fd int, text string) {
	data := []byte(text)
	syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)))
}

// exit ends the process at once: no deferred function, no exit handler.
func exit() {
	for {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 127, 0, 0)
	}
}
