package usage

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// clockTick is the unit of times in /proc: USER_HZ is 100 on every processor that Go runs on (the kernel's asm-generic/param.h).
const clockTick = 10 * time.Millisecond

func of(base string, mains []Main) map[string]Tree {
	all := make(map[string]Tree, len(mains))
	groups := tree.Cgroups(base)
	var buf [4096]byte
	var left []Main
	for _, m := range mains {
		if group := groups[m.Program]; group != "" {
			all[m.Program] = ofGroup(group, buf[:])
		} else {
			left = append(left, m)
		}
	}
	if len(left) > 0 {
		byDescent(left, all, buf[:])
	}
	return all
}

// ofGroup reads a cgroup: cpu.stat is there in each, whichever controllers are on (the kernel's cgroup-v2.rst). Memory is counted as without a
// cgroup: memory.current has the page cache in it, and is there with the memory controller alone.
func ofGroup(path string, buf []byte) (t Tree) {
	if _, after, found := bytes.Cut(read(path+"/cpu.stat", buf), []byte("usage_usec ")); found {
		t.CPU = time.Duration(leadingNumber(after)) * time.Microsecond
	}
	for _, pid := range pidsIn(path) {
		t.Processes++
		proc := "/proc/" + pid
		t.Memory += resident(proc, buf)
		t.Files += openFiles(proc)
	}
	return t
}

// pidsIn lists the processes of a group and of those below it: a program that may can make some.
func pidsIn(path string) (pids []string) {
	data, _ := os.ReadFile(path + "/cgroup.procs")
	for _, line := range bytes.Fields(data) {
		pids = append(pids, string(line))
	}
	entries, _ := os.ReadDir(path)
	for _, e := range entries {
		if e.IsDir() {
			pids = append(pids, pidsIn(path+"/"+e.Name())...)
		}
	}
	return pids
}

// resident is the second field of proc_pid_statm(5), in pages.
func resident(proc string, buf []byte) int64 {
	_, after, _ := bytes.Cut(read(proc+"/statm", buf), []byte(" "))
	return leadingNumber(after) * int64(os.Getpagesize())
}

// openFiles counts the descriptors of a process. Since Linux 6.2 the size of the folder fd is their number, for everybody
// (proc_pid_fd(5)); before, only those who may look into it can count them.
func openFiles(proc string) int {
	var st unix.Stat_t
	if unix.Stat(proc+"/fd", &st) == nil && st.Size > 0 {
		return int(st.Size)
	}
	dir, err := os.Open(proc + "/fd")
	if err != nil {
		return 0
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return len(names)
}

// process is a line of /proc/PID/stat.
type process struct {
	pid, parent, session int
	cpu                  time.Duration // its own, and that of children it has waited for
	memory               int64
}

// byDescent finds the trees in one pass over all processes.
func byDescent(mains []Main, all map[string]Tree, buf []byte) {
	processes := list(buf)
	owner := make(map[int]string, len(mains))
	for _, m := range mains {
		owner[m.PID] = m.Program
	}
	parents := make(map[int]int, len(processes))
	for _, p := range processes {
		parents[p.pid] = p.parent
	}
	for _, p := range processes {
		program := owner[p.session]
		for at, steps := p.pid, 0; program == "" && at > 1 && steps < 64; steps++ {
			program = owner[at]
			at = parents[at]
		}
		if program == "" {
			continue
		}
		t := all[program]
		t.CPU += p.cpu
		t.Memory += p.memory
		t.Processes++
		t.Files += openFiles("/proc/" + strconv.Itoa(p.pid))
		all[program] = t
	}
}

func list(buf []byte) (all []process) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := parse(pid, read("/proc/"+name+"/stat", buf)); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

// parse reads proc_pid_stat(5): pid (comm) state ppid pgrp session …; comm may contain anything, so fields are counted from its last ).
func parse(pid int, stat []byte) (process, bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return process{}, false
	}
	f := bytes.Fields(stat[end+1:])
	if len(f) < 22 || f[0][0] == 'Z' { // a zombie uses nothing any more
		return process{}, false
	}
	number := func(field int) int64 { return leadingNumber(f[field-3]) } // as the page counts them: state is field 3
	return process{
		pid: pid, parent: int(number(4)), session: int(number(6)),
		cpu:    time.Duration(number(14)+number(15)+number(16)+number(17)) * clockTick,
		memory: number(24) * int64(os.Getpagesize()),
	}, true
}

// read gives the beginning of a small file; nothing where it can't be read.
func read(path string, buf []byte) []byte {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// leadingNumber is the number that b begins with; 0: none.
func leadingNumber(b []byte) (n int64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
