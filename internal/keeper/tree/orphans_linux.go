package tree

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// orphans names processes that belong to a run, or with prefix to a whole service, where no cgroup knows them.
type orphans struct {
	session  int          // a session led by the run's main process; 0: sessions don't matter
	sessions map[int]bool // several such; nil: none
	mark     string       // value of DARUMA_RUN
	prefix   bool         // mark is only the beginning of it
}

// KillAll kills every process whose DARUMA_RUN begins with mark, and waits up to within for the last one's end.
func KillAll(mark string, within time.Duration) {
	all := orphans{mark: mark, prefix: true}
	all.kill()
	for end := monotonic.Now() + within; monotonic.Now() < end && all.any(); {
		time.Sleep(time.Millisecond)
	}
}

// any says whether one is alive.
func (o orphans) any() bool {
	found := false
	o.each(func(int) bool { found = true; return false })
	return found
}

// kill kills them, again and again until no new one is found: a fork bomb may be faster than one pass. It says whether there were any.
func (o orphans) kill() bool {
	var left Left
	o.killNamed(&left)
	return left.Count > 0
}

// killNamed does that, and adds to left what it found.
func (o orphans) killNamed(left *Left) {
	killed := map[int]bool{}
	for again := true; again; {
		again = false
		o.each(func(pid int) bool {
			if !killed[pid] {
				killed[pid], again = true, true
				left.add(func() string { return nameOf(pid) })
			}
			o.killOne(pid)
			return true
		})
	}
}

// killOne kills by pidfd, and only what still matches once the pidfd is held: the number may have changed hands.
func (o orphans) killOne(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if o.matches(pid) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// each calls visit with the pid of each, until it gives false.
func (o orphans) each(visit func(pid int) bool) {
	eachProcess(func(pid int) bool { return !o.matches(pid) || visit(pid) })
}

// eachProcess calls visit with the pid of each process but our own, until it gives false.
func eachProcess(visit func(pid int) bool) {
	dir, err := os.Open("/proc")
	if err != nil {
		return
	}
	defer dir.Close()
	own := os.Getpid() // a supervisor whose keeper is dead has the mark too
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			pid, convErr := strconv.Atoi(name)
			if convErr == nil && pid != own && !visit(pid) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// matches says whether a living process belongs to the run.
func (o orphans) matches(pid int) bool {
	for range 100 {
		p, ok := readProcess(pid)
		if !ok || p.dead {
			return false
		}
		if o.session != 0 && p.session == o.session || o.sessions[p.session] {
			return true
		}
		if p.changing {
			runtime.Gosched()
			continue
		}
		return o.marked(p.env) || p.closed && o.prefix && o.named(pid)
	}
	return false
}

// MarkArgument begins the last argument of a supervisor, and its mark follows: a supervisor closes its environment to the other processes
// of its account, the next keeper included. Everybody may read a command line.
const MarkArgument = "--mark="

// named says whether the command line of a process of this account says that it belongs to the service. Another account's could say so
// to have us wait for its end.
func (o orphans) named(pid int) bool {
	folder := "/proc/" + strconv.Itoa(pid)
	if !hasArgument(folder+"/cmdline", MarkArgument+o.mark) {
		return false
	}
	status, err := os.ReadFile(folder + "/status") // the folder itself belongs to root where a process closed itself
	_, ids, found := strings.Cut(string(status), "\nUid:\t")
	uid, _, _ := strings.Cut(ids, "\t")
	return err == nil && found && uid == strconv.Itoa(os.Getuid())
}

// hasArgument says whether one of the arguments but the first in a cmdline file of /proc begins so. Package os isn't used: such a file is read
// of every process of the machine, and with what os does beside the reading (fcntl, fstat, a buffer each) that takes more than twice as long.
func hasArgument(path, beginning string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var buf [4096]byte
	sought, kept := "\x00"+beginning, 0
	for {
		n, err := unix.Read(fd, buf[kept:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return false
		}
		data := buf[:kept+n]
		if bytes.Contains(data, []byte(sought)) {
			return true
		}
		kept = copy(buf[:], data[max(0, len(data)-len(sought)):]) // it may lie across two reads
	}
}

func (o orphans) marked(env []byte) bool {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(v, []byte("DARUMA_RUN=")); ok {
			return string(value) == o.mark || o.prefix && strings.HasPrefix(string(value), o.mark)
		}
	}
	return false
}

// process is what /proc says of a process.
type process struct {
	parent   int
	session  int
	env      []byte
	dead     bool // a zombie, or a thread of the kernel
	changing bool // in the midst of execve(2)
	closed   bool // we may not read its environment
}

// readProcess reads /proc. In the midst of execve(2) a process has neither environment nor command line: the new memory is in
// place and not filled yet. At that moment nothing tells whose it is, so it is reported as changing, to be read again.
func readProcess(pid int) (p process, ok bool) {
	folder := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return p, false
	}
	// pid (comm) state ppid pgrp session tty tpgid flags …; comm may contain anything, so count from its last
	// parenthesis: proc_pid_stat(5)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 7 {
		return p, false
	}
	const exiting, kthread = 0x4, 0x200000 // PF_EXITING, PF_KTHREAD of linux/sched.h
	flags, _ := strconv.ParseUint(fields[6], 10, 64)
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	p.dead = fields[0] == "Z" || fields[0] == "X" || flags&kthread != 0
	if p.dead {
		return p, true
	}
	if p.env, err = os.ReadFile(folder + "/environ"); err != nil || len(p.env) > 0 || flags&exiting != 0 {
		p.closed = errors.Is(err, os.ErrPermission)
		return p, true
	}
	line, err := os.ReadFile(folder + "/cmdline")
	p.changing = err == nil && len(line) == 0
	if !p.changing { // its environment is empty, or wasn't there a moment ago
		p.env, _ = os.ReadFile(folder + "/environ")
	}
	return p, true
}
