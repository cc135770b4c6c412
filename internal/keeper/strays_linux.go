package keeper

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// strays describes processes that belong to a run, or with prefix to a whole service, where no cgroup knows them.
type strays struct {
	session  int          // a session led by the run's main process; 0: don't look at sessions
	sessions map[int]bool // several such; nil: none
	mark     string       // value of DARUMA_RUN
	prefix   bool         // mark is only the beginning of it
}

// anyStrays says whether one is alive. Cheap in the usual case: nothing but programs' main processes are our children.
func anyStrays(s strays) bool {
	found := false
	s.each(func(int) bool { found = true; return false })
	return found
}

// killStrays kills them, until a look finds no new one: a fork bomb may be faster than one look.
func killStrays(s strays) bool {
	killed := map[int]bool{}
	for again := true; again; {
		again = false
		s.each(func(pid int) bool {
			if !killed[pid] {
				killed[pid], again = true, true
			}
			s.killSafely(pid)
			return true
		})
	}
	return len(killed) > 0
}

// killSafely kills by pidfd, and only what still matches once the pidfd is held: the number may have changed hands.
func (s strays) killSafely(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if s.matches(pid) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

func (s strays) each(visit func(pid int) bool) {
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
			if convErr == nil && pid != own && s.matches(pid) && !visit(pid) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// matches says whether a living process belongs to the run.
func (s strays) matches(pid int) bool {
	for range 100 {
		p, ok := look(pid)
		if !ok || p.dead {
			return false
		}
		if s.session != 0 && p.session == s.session || s.sessions[p.session] {
			return true
		}
		if p.changing {
			runtime.Gosched()
			continue
		}
		return s.marked(p.env)
	}
	return false
}

func (s strays) marked(env []byte) bool {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(v, []byte("DARUMA_RUN=")); ok {
			return string(value) == s.mark || s.prefix && strings.HasPrefix(string(value), s.mark)
		}
	}
	return false
}

// process is what /proc tells of one.
type process struct {
	session  int
	env      []byte
	dead     bool // a zombie, or a thread of the kernel
	changing bool // in the midst of execve(2)
}

// look reads /proc. In the midst of execve(2) a process has neither environment nor command line: the new memory is in
// place and not filled yet. One look at that moment would let a stray get away, so it is told.
func look(pid int) (p process, ok bool) {
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
	p.session, _ = strconv.Atoi(fields[3])
	p.dead = fields[0] == "Z" || fields[0] == "X" || flags&kthread != 0
	if p.dead {
		return p, true
	}
	if p.env, err = os.ReadFile(folder + "/environ"); err != nil || len(p.env) > 0 || flags&exiting != 0 {
		return p, true
	}
	line, err := os.ReadFile(folder + "/cmdline")
	p.changing = err == nil && len(line) == 0
	if !p.changing { // its environment is empty, or wasn't there a moment ago
		p.env, _ = os.ReadFile(folder + "/environ")
	}
	return p, true
}
