package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// now is CLOCK_MONOTONIC in nanoseconds, the clock that the program first writes.
func now() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // the kernel has it since 2.6
	}
	return ts.Nano()
}

// parents gives every process of the machine with its parent.
func parents() map[int]int {
	list := map[int]int{}
	for _, pid := range allProcesses() {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[0] != "Z" {
			list[pid], _ = strconv.Atoi(fields[1])
		}
	}
	return list
}

func allProcesses() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// tree gives root and everything below it.
func tree(root int) []int {
	all := parents()
	if _, there := all[root]; !there {
		return nil
	}
	var pids []int
	for pid := range all {
		for p, depth := pid, 0; p > 1 && depth < 64; p, depth = all[p], depth+1 {
			if p == root {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids
}

// belonging gives the processes that were started for dir: it stands in their arguments, their environment or their folder.
func belonging(dir string) []int {
	var pids []int
	for _, pid := range allProcesses() {
		if pid == os.Getpid() {
			continue
		}
		cwd, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
		arguments, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if strings.HasPrefix(cwd, dir) || bytes.Contains(arguments, []byte(dir)) || bytes.Contains(environment, []byte(dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// runs tells whether pid runs one of these files.
func runs(pid int, files ...string) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return false
	}
	for _, f := range files {
		if exe == f {
			return true
		}
	}
	return false
}

// pss sums the proportional set sizes of processes, in MiB: shared pages count by the share.
func pss(pids []int) float64 {
	sum := 0
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue
		}
		if _, rest, ok := strings.Cut(string(text), "\nPss:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			sum += kb
		}
	}
	return float64(sum) / 1024
}

// openFiles counts the open files of processes.
func openFiles(pids []int) (n int) {
	for _, pid := range pids {
		list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		n += len(list)
	}
	return n
}

// cpu sums the time that all threads of processes have run so far: nanoseconds from schedstat, which ticks of stat are not.
func cpu(pids []int) time.Duration {
	used, _ := scheduled(pids)
	return used
}

// scheduled sums the time that all threads of processes have run so far, and the time that they could have run and waited for a CPU: the
// first two numbers of schedstat, in nanoseconds.
func scheduled(pids []int) (used, waited time.Duration) {
	for _, pid := range pids {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, task := range tasks {
			text, err := os.ReadFile(task)
			if err != nil {
				continue
			}
			fields := strings.Fields(string(text))
			if len(fields) < 2 {
				continue
			}
			ran, _ := strconv.ParseInt(fields[0], 10, 64)
			queued, _ := strconv.ParseInt(fields[1], 10, 64)
			used, waited = used+time.Duration(ran), waited+time.Duration(queued)
		}
	}
	return used, waited
}

// waitGone waits until every process of pids has ended and gives the clock at the last end. Later ones of the same pid are
// told apart by the pidfd.
func waitGone(pids []int, timeout time.Duration) (int64, error) {
	var open []unix.PollFd
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == nil {
			open = append(open, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	defer func() {
		for _, p := range open {
			unix.Close(int(p.Fd))
		}
	}()
	return pollGone(open, timeout)
}

// pollGone waits on pidfds; it closes those that ended and leaves the others in list.
func pollGone(list []unix.PollFd, timeout time.Duration) (int64, error) {
	last := now()
	deadline := last + timeout.Nanoseconds()
	left := append([]unix.PollFd(nil), list...)
	for len(left) > 0 {
		wait := (deadline - now()) / 1e6
		if wait <= 0 {
			return last, fmt.Errorf("%d of %d processes didn't end within %v", len(left), len(list), timeout)
		}
		if _, err := unix.Poll(left, int(wait)); err != nil && err != unix.EINTR {
			return last, err
		}
		kept := left[:0]
		for _, p := range left {
			if p.Revents == 0 {
				kept = append(kept, p)
			}
		}
		if len(kept) < len(left) {
			last = now()
		}
		left = kept
	}
	return last, nil
}
