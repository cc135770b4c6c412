package launch

import (
	"errors"
	"syscall"
	"unsafe"
)

// launchVariable carries the fd of the plan to the launcher; the status pipe is the fd after it. It is the launcher's
// whole environment: the program's own is in the plan, so that no secret stands in a process list twice.
const launchVariable = "DARUMA_LAUNCH_FD"

// reachedExec is the byte that the launcher writes when execve alone is left to do. Without it, end of file on the status pipe would
// mean success even for a launcher that was killed before.
const reachedExec = 'x'

// Attachments are what a program is started with beyond its plan: things that belong to the keeper.
type Attachments struct {
	Stdio  [3]uintptr           // fds for 0, 1 and 2
	Listen []uintptr            // fds from 3 up, one for each of Plan.ListenNames
	Notify uintptr              // the fd behind those, with Plan.Notify
	Sys    *syscall.SysProcAttr // session, process group, cgroup, pidfd, Pdeathsig; not Credential and AmbientCaps, which the plan has
}

// Start starts the program: directly, which takes about a millisecond, where nobody else could hold that up; else through the launcher, and
// then it doesn't wait for the program's exec: [Launching.Outcome] tells how that went. On an error no process is left, and it is an [*Error]
// that names the step.
// Where with.Sys.Pdeathsig is set, the program has it after a change of user too, which takes it away.
func Start(p Plan, with Attachments) (Launching, error) {
	if len(with.Listen) != len(p.ListenNames) {
		return Launching{}, planError("as many sockets as names are needed")
	}
	if with.Sys != nil && with.Sys.Pdeathsig != 0 {
		p.Parent = syscall.Getpid()
	}
	if err := p.Check(); err != nil {
		return Launching{}, err
	}
	p.leaveOwn()
	if p.needsLauncher() || p.othersCanHoldUp() {
		return startLauncher(&p, with)
	}
	pid, err := startDirect(&p, with)
	return Launching{PID: pid, Status: -1}, err
}

// othersCanHoldUp says whether somebody other than root and the account of this process could keep the program's exec from happening. A fork
// of Go's shares its memory with the child until the exec, and the whole process waits for that, however long it takes; only the launcher
// can be waited for beside other things.
//
// Who can: the user that the child becomes, as soon as it has become it (SIGSTOP); and the executable's owner, because execve waits up to
// /proc/sys/fs/lease-break-time, 45 s, for the holder of a write lease, which the owner alone may take (fcntl(2), F_SETLEASE).
func (p *Plan) othersCanHoldUp() bool {
	own := effectiveUser()
	if p.UID != Leave && p.UID != own {
		return true
	}
	path := p.Path
	if path[0] != '/' && p.Dir != "" {
		path = p.Dir + "/" + path
	}
	var info syscall.Stat_t
	if err := syscall.Stat(path, &info); err != nil {
		return false // exec will say what is wrong
	}
	return info.Uid != 0 && int(info.Uid) != own
}

// leaveOwn takes user and groups out of a plan that has those of this process, an ordinary user's: the kernel lets only root set groups, the
// same ones included (setgroups(2)).
func (p *Plan) leaveOwn() {
	own := effectiveUser()
	if own == 0 || p.UID == Leave && p.GID == Leave && !p.SetGroups {
		return
	}
	group := syscall.Getegid()
	if p.UID != Leave && p.UID != own || p.GID != Leave && p.GID != group {
		return
	}
	if p.SetGroups {
		have, err := syscall.Getgroups()
		if err != nil || !contained(have, p.Groups, group) || !contained(p.Groups, have, group) {
			return
		}
	}
	p.UID, p.GID, p.Groups, p.SetGroups = Leave, Leave, nil, false
}

// contained says whether all of list are in of, or are other.
func contained(list, of []int, other int) bool {
	for _, g := range list {
		found := g == other
		for _, have := range of {
			found = found || have == g
		}
		if !found {
			return false
		}
	}
	return true
}

func startDirect(p *Plan, with Attachments) (int, error) {
	sys := copySys(with.Sys)
	if p.UID != Leave || p.GID != Leave || p.SetGroups {
		sys.Credential = credential(p)
	}
	pid, err := syscall.ForkExec(p.Path, p.Argv, &syscall.ProcAttr{Dir: p.Dir, Env: p.Env, Files: files(p, &with), Sys: sys})
	if err != nil {
		return 0, &Error{Step: StartingStep + p.Path, Errno: errnoOf(err)}
	}
	return pid, nil
}

// files are the program's, by number. Most programs have no more than the first three: then nothing is allocated.
func files(p *Plan, with *Attachments) []uintptr {
	list := with.Stdio[:len(with.Stdio):len(with.Stdio)]
	list = append(list, with.Listen...)
	if p.Notify {
		list = append(list, with.Notify)
	}
	return list
}

// credential fills in what the process has where the plan has Leave: package syscall has no such value.
func credential(p *Plan) *syscall.Credential {
	c := &syscall.Credential{Uid: uint32(syscall.Geteuid()), Gid: uint32(syscall.Getegid()), NoSetGroups: !p.SetGroups}
	if p.UID != Leave {
		c.Uid = uint32(p.UID)
	}
	if p.GID != Leave {
		c.Gid = uint32(p.GID)
	}
	for _, g := range p.Groups {
		c.Groups = append(c.Groups, uint32(g))
	}
	return c
}

func copySys(sys *syscall.SysProcAttr) *syscall.SysProcAttr {
	if sys == nil {
		return &syscall.SysProcAttr{}
	}
	c := *sys
	return &c
}

func startLauncher(p *Plan, with Attachments) (Launching, error) {
	plan, err := planFile(Encode(p))
	if err != nil {
		return Launching{}, err
	}
	defer syscall.Close(plan)
	var status [2]int
	if err := syscall.Pipe2(status[:], syscall.O_CLOEXEC); err != nil {
		return Launching{}, &Error{Step: "making the launcher's status pipe", Errno: errnoOf(err)}
	}

	all := append(files(p, &with), uintptr(plan), uintptr(status[1]))
	// One processor and no garbage collector: a faster start, and what execArguments.exec relies on.
	env := []string{launchVariable + "=" + itoa(int64(len(all)-2)), "GOMAXPROCS=1", "GOGC=off"}
	sys := copySys(with.Sys)
	sys.AmbientCaps = p.throughExec()
	// The file that runs, not the path it was started from: that may be a newer version by now, or gone.
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"daruma", "launch"}, &syscall.ProcAttr{Env: env, Files: all, Sys: sys})
	syscall.Close(status[1])
	if err != nil {
		syscall.Close(status[0])
		return Launching{}, &Error{Step: "starting the launcher", Errno: errnoOf(err)}
	}
	_ = syscall.SetNonblock(status[0], true)
	return Launching{PID: pid, Status: status[0]}, nil
}

// planFile puts the plan into memory that only the launcher gets. A pipe would do for 64 KiB; an environment can be longer.
func planFile(data []byte) (int, error) {
	name := [...]byte{'p', 'l', 'a', 'n', 0}
	const cloexec = 1 // MFD_CLOEXEC
	fd, _, errno := syscall.Syscall(sysMemfdCreate(), uintptr(unsafe.Pointer(&name[0])), cloexec, 0)
	if errno != 0 {
		return 0, &Error{Step: "making a file for the launch plan", Errno: errno}
	}
	for offset := 0; offset < len(data); {
		n, err := syscall.Pwrite(int(fd), data[offset:], int64(offset))
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			syscall.Close(int(fd))
			return 0, &Error{Step: "writing the launch plan", Errno: errnoOf(err)}
		}
		offset += n
	}
	return int(fd), nil
}

func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EINVAL // what package syscall answers itself, for a NUL in a string, is this too
}
