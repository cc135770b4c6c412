package keeper

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// oomKills tells runs that the kernel's OOM killer ended from those that somebody else ended by SIGKILL: the exit status is the same. The
// kernel counts its kills in the memory.events of the cgroup that the keeper runs in, groups below included, whether the cgroup's limit
// was reached or the machine's memory. The programs' own groups have no such file: in a group that holds a process, the keeper's,
// no controller can be given to the groups below.
type oomKills struct {
	fd     int // memory.events; -1: there is none (no cgroup v2 with the memory controller)
	last   uint64
	before uint64 // claimed, or older than the last heartbeat but one
}

// programsAbove is how much sooner than daruma the kernel's OOM killer takes a program (oom_score_adj in proc(5)). The unit of an installed
// service puts keeper and supervisor below the rest of the machine, and programs would inherit that.
const programsAbove = 500

// programOOMScore gives the oom_score_adj of programs, "" where this process isn't protected, and they inherit what it has. Source of the
// range, -1000 to 1000: proc(5).
func programOOMScore() string {
	data, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return ""
	}
	own, err := strconv.Atoi(string(bytes.TrimSpace(data)))
	if err != nil {
		return ""
	}
	return scoreAbove(own)
}

func scoreAbove(own int) string {
	if own >= 0 {
		return ""
	}
	return strconv.Itoa(min(own+programsAbove, 0))
}

// exposeToOOM takes daruma's own protection from a process that was just started. To raise the value needs no right.
func (k *keeper) exposeToOOM(pid int) {
	if k.oomScore == "" {
		return
	}
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return // it has ended
	}
	_, _ = unix.Write(fd, []byte(k.oomScore))
	unix.Close(fd)
}

// open begins to count.
func (o *oomKills) open(memoryEvents int) {
	o.fd = memoryEvents
	o.last = o.read()
	o.before = o.last
}

// claim says whether the kernel has killed a process that no run's end was put down to yet. It is asked for each run that ended by a
// SIGKILL that wasn't the keeper's.
func (o *oomKills) claim() bool {
	o.last = o.read()
	if o.last <= o.before {
		return false
	}
	o.before++
	return true
}

// age drops kills of one heartbeat ago and more: they hit processes other than a run's main process, and a SIGKILL that comes
// later has another cause.
func (o *oomKills) age() {
	o.before = o.last
	o.last = o.read()
}

// read gives the count, or the last one where it can't be read.
func (o *oomKills) read() uint64 {
	if o.fd < 0 {
		return o.last
	}
	var buf [512]byte
	n, err := unix.Pread(o.fd, buf[:], 0)
	if err != nil {
		return o.last
	}
	for line := range bytes.Lines(buf[:n]) {
		if value, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
			if count, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64); err == nil {
				return count
			}
		}
	}
	return o.last
}
