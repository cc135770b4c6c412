package keeper

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// strays describes processes that belong to a run, or with prefix to a whole service, where no cgroup knows them.
type strays struct {
	session int    // a session led by the run's main process; 0: don't look at sessions
	mark    string // value of DARUMA_RUN
	prefix  bool   // mark is only the beginning of it
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
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			pid, convErr := strconv.Atoi(name)
			if convErr == nil && s.matches(pid) && !visit(pid) {
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
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	// pid (comm) state ppid pgrp session …; comm may contain anything, so count from its last parenthesis: proc_pid_stat(5)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 4 || fields[0] == "Z" || fields[0] == "X" {
		return false
	}
	if s.session != 0 && fields[3] == strconv.Itoa(s.session) {
		return true
	}
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(v, []byte("DARUMA_RUN=")); ok {
			return string(value) == s.mark || s.prefix && strings.HasPrefix(string(value), s.mark)
		}
	}
	return false
}
