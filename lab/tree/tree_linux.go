package tree

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Mark is the environment entry by which a command's tree is known: children inherit it, through Wine as well, and a service
// manager hands it to no service.
func Mark(token string) string { return "DARUMA_LAB_RUN=" + token }

// Kill ends every process that carries the token's mark and waits until none is left.
func Kill(token string) error {
	mark := []byte(Mark(token))
	return Extinguish(func() ([]int, error) {
		// In the middle of exec a process has no environment yet, for long on a slow machine: such ones get a second look.
		for try := 0; ; try++ {
			var marked, blank []int
			for _, pid := range Processes() {
				env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
				switch {
				case err != nil: // it has ended meanwhile
				case bytes.Contains(env, mark):
					marked = append(marked, pid)
				case len(env) == 0 && program(pid):
					blank = append(blank, pid)
				}
			}
			if len(marked) > 0 || len(blank) == 0 || try == 20 {
				return marked, nil
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// program tells a process from a thread of the kernel and from one that has ended, which have no executable.
func program(pid int) bool {
	_, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err == nil
}

// Extinguish kills what list finds until it finds nothing: whoever forks while we look is found the next time.
func Extinguish(list func() ([]int, error)) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		pids, err := list()
		if err != nil || len(pids) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v survive SIGKILL", pids)
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill %d: %w", pid, err)
			}
		}
		time.Sleep(time.Millisecond) // the kernel tells nobody but the parent, which isn't us
	}
}

// Members are the processes in the pid namespace of process pid, without itself and those that have ended.
func Members(pid int) ([]int, error) {
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return nil, err
	}
	var list []int
	for _, p := range Processes() {
		// A process that has ended and not been reaped has no namespaces to read.
		if ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", p)); err == nil && ns == own && p != pid {
			list = append(list, p)
		}
	}
	return list, nil
}

// Alive tells whether a process is there and hasn't ended.
func Alive(pid int) bool {
	_, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	return err == nil
}

// Child finds the first child of a process.
func Child(parent int) (int, bool) {
	for _, p := range Processes() {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			continue // it has ended meanwhile
		}
		// The name, in parentheses, may contain anything: the fields begin after the last one. State, then the parent.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			return p, true
		}
	}
	return 0, false
}

// Processes are all pids that /proc shows.
func Processes() []int {
	names, _ := filepath.Glob("/proc/[0-9]*")
	var list []int
	for _, name := range names {
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil {
			list = append(list, pid)
		}
	}
	return list
}
