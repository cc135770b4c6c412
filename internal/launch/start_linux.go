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

// Start starts the program, directly or through the launcher, and returns its pid when its exec has succeeded, as syscall.ForkExec does. On an error no process is left, and it is an [*Error] that names the step.
// Where with.Sys.Pdeathsig is set, the program has it after a change of user too, which takes it away.
// Start blocks for as long as the start takes: about a millisecond directly; bench/ measures the launcher.
func Start(p Plan, with Attachments) (pid int, err error) {
	if len(with.Listen) != len(p.ListenNames) {
		return 0, planError("as many sockets as names are needed")
	}
	if with.Sys != nil && with.Sys.Pdeathsig != 0 {
		p.Parent = syscall.Getpid()
	}
	if err := p.Check(); err != nil {
		return 0, err
	}
	if p.needsLauncher() {
		return startLauncher(&p, with)
	}
	return startDirect(&p, with)
}

func startDirect(p *Plan, with Attachments) (int, error) {
	sys := copySys(with.Sys)
	if p.UID != Leave || p.GID != Leave || p.SetGroups {
		sys.Credential = credential(p)
	}
	pid, err := syscall.ForkExec(p.Path, p.Argv, &syscall.ProcAttr{Dir: p.Dir, Env: p.Env, Files: files(p, &with), Sys: sys})
	if err != nil {
		return 0, &Error{Step: "starting " + p.Path, Errno: errnoOf(err)}
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

func startLauncher(p *Plan, with Attachments) (int, error) {
	plan, err := planFile(Encode(p))
	if err != nil {
		return 0, err
	}
	defer syscall.Close(plan)
	var status [2]int
	if err := syscall.Pipe2(status[:], syscall.O_CLOEXEC); err != nil {
		return 0, &Error{Step: "making the launcher's status pipe", Errno: errnoOf(err)}
	}
	defer syscall.Close(status[0])

	all := append(files(p, &with), uintptr(plan), uintptr(status[1]))
	// One processor and no garbage collector: a faster start, and what execArguments.exec relies on.
	env := []string{launchVariable + "=" + itoa(int64(len(all)-2)), "GOMAXPROCS=1", "GOGC=off"}
	// The file that runs, not the path it was started from: that may be a newer version by now, or gone.
	sys := copySys(with.Sys)
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"daruma", "launch"}, &syscall.ProcAttr{Env: env, Files: all, Sys: sys})
	syscall.Close(status[1])
	if err != nil {
		return 0, &Error{Step: "starting the launcher", Errno: errnoOf(err)}
	}
	if err := readStatus(status[0]); err != nil {
		reap(pid)
		if sys.PidFD != nil && *sys.PidFD >= 0 { // as syscall.ForkExec does
			syscall.Close(*sys.PidFD)
			*sys.PidFD = -1
		}
		return 0, err
	}
	return pid, nil
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

// readStatus waits for the exec, which closes the pipe, or for the step that failed.
func readStatus(fd int) error {
	var buf [4096]byte
	n := 0
	for n < len(buf) {
		got, err := syscall.Read(fd, buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return &Error{Step: "reading the launcher's status", Errno: errnoOf(err)}
		}
		if got == 0 {
			break
		}
		n += got
	}
	return parseStatus(buf[:n])
}

// parseStatus reads what [report] wrote.
func parseStatus(data []byte) error {
	if len(data) > 0 && data[0] == reachedExec {
		data = data[1:]
		if len(data) == 0 {
			return nil
		}
	}
	if len(data) < 4 {
		return &Error{Step: "the launcher ended before it reached exec (was it killed? what it printed is in the program's error output)"}
	}
	errno := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
	return &Error{Step: string(data[4:]), Errno: syscall.Errno(errno)}
}

// reap takes the launcher that failed off the process table, unless a keeper that waits for any child did so before.
func reap(pid int) {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EINVAL // what package syscall answers itself, for a NUL in a string, is this too
}
