package usage

import (
	"bytes"
	"os"
	"path/filepath"
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
	r := newReader(base)
	defer r.close()
	var left []Main
	for _, m := range mains {
		if group := groups[m.Program]; group != "" {
			all[m.Program] = r.group(filepath.Base(group))
		} else {
			left = append(left, m)
		}
	}
	if len(left) > 0 {
		r.byDescent(left, all)
	}
	return all
}

// reader reads files below the folder of the service's cgroup and below /proc.
type reader struct {
	base   string
	cgroup folder // of base
	nested bool   // there may be groups in the groups of the programs
	proc   folder
	buf    []byte // what was read last
}

func newReader(base string) *reader {
	r := &reader{base: base, cgroup: noFolder, proc: openFolder("/proc"), buf: make([]byte, 2*page)}
	if base != "" {
		r.cgroup = openFolder(base)
		r.nested = r.mayNest()
	}
	return r
}

func (r *reader) close() {
	r.cgroup.close()
	r.proc.close()
}

// group reads a cgroup: cpu.stat is there in each, whichever controllers are on (the kernel's cgroup-v2.rst). Memory is counted as without a
// cgroup: memory.current has the page cache in it, and is there with the memory controller alone.
func (r *reader) group(name string) (t Tree) {
	if _, after, found := bytes.Cut(r.read(r.cgroup, name+"/cpu.stat"), []byte("usage_usec ")); found {
		t.CPU = time.Duration(leadingNumber(after)) * time.Microsecond
	}
	r.addGroup(name, &t)
	return t
}

// addGroup adds the processes of a group and of those below it: a program that may can make some.
func (r *reader) addGroup(name string, t *Tree) {
	pids := bytes.Fields(r.read(r.cgroup, name+"/cgroup.procs"))
	list := make([]string, len(pids)) // the buffer is read into again
	for i, pid := range pids {
		list[i] = string(pid)
	}
	for _, pid := range list {
		t.Processes++
		t.Memory += r.resident(pid)
		t.Files += r.openFiles(pid)
	}
	if !r.nested {
		return
	}
	entries, _ := os.ReadDir(r.base + "/" + name)
	for _, e := range entries {
		if e.IsDir() {
			r.addGroup(name+"/"+e.Name(), t)
		}
	}
}

// mayNest says whether there may be groups below those in the base: it has more below it than in it. To list each program's group would cost more than
// all else that is read of it: a group has some 40 files.
func (r *reader) mayNest() bool {
	_, after, found := bytes.Cut(r.read(r.cgroup, "cgroup.stat"), []byte("nr_descendants "))
	in, known := r.cgroup.folders()
	return !found || !known || leadingNumber(after) != in
}

// resident is the second field of proc_pid_statm(5), in pages.
func (r *reader) resident(pid string) int64 {
	_, after, _ := bytes.Cut(r.read(r.proc, pid+"/statm"), []byte(" "))
	return leadingNumber(after) * int64(os.Getpagesize())
}

// openFiles counts the descriptors of a process. Since Linux 6.2 the size of the folder fd is their number, for everybody
// (proc_pid_fd(5)); before, only those who may look into it can count them.
func (r *reader) openFiles(pid string) int {
	var st unix.Stat_t
	if unix.Fstatat(int(r.proc), pid+"/fd", &st, 0) == nil && st.Size > 0 {
		return int(st.Size)
	}
	dir, err := os.Open("/proc/" + pid + "/fd")
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
func (r *reader) byDescent(mains []Main, all map[string]Tree) {
	processes := r.processes()
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
		t.Files += r.openFiles(strconv.Itoa(p.pid))
		all[program] = t
	}
}

func (r *reader) processes() (all []process) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := parse(pid, r.read(r.proc, name+"/stat")); ok {
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
