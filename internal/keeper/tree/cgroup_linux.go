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

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// cgroup is one control group (v2). None of its files is kept open: with thousands of programs that would be thousands of file
// descriptors. What is opened for a moment comes out of those that the keeper holds back for itself.
type cgroup struct {
	path   string
	events string // path of cgroup.events
}

// makeCgroup makes the group, or takes over the one that is there.
func makeCgroup(path string) (*cgroup, error) {
	if err := unix.Mkdir(path, 0o755); err != nil && err != unix.EEXIST {
		return nil, &os.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return newCgroup(path), nil
}

func newCgroup(path string) *cgroup { return &cgroup{path: path, events: path + "/cgroup.events"} }

// makeBase makes a group like makeCgroup, and fails where the kernel can't kill a group (cgroup.kill is there since Linux 5.14) or
// where this process may not.
func makeBase(path string) (*cgroup, error) {
	g, err := makeCgroup(path)
	if err != nil {
		return nil, err
	}
	for name, how := range map[string]uint32{"cgroup.kill": unix.W_OK, "cgroup.events": unix.R_OK} {
		name = filepath.Join(path, name)
		if err := unix.Access(name, how); err != nil {
			return nil, &os.PathError{Op: "access", Path: name, Err: err}
		}
	}
	return g, nil
}

// open opens the group's folder, for clone3 to have a child born in it.
func (g *cgroup) open() (fd int, err error) {
	fd, err = unix.Open(g.path, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: g.path, Err: err}
	}
	return fd, nil
}

// populated says whether a living process is in the group or below it. A group that can't be looked at counts as populated, so that it
// is looked at again; one that is gone doesn't.
func (g *cgroup) populated() bool { return !g.says("populated 0") }

// says tells whether cgroup.events has this line.
func (g *cgroup) says(line string) bool {
	fd, err := unix.Open(g.events, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err == unix.ENOENT || err == unix.ENODEV
	}
	defer unix.Close(fd)
	var buf [128]byte
	n, err := unix.Read(fd, buf[:])
	return err == unix.ENODEV || err == nil && bytes.Contains(buf[:n], []byte(line))
}

// each calls visit with each process in the group and below it. What ends meanwhile may be missing.
func (g *cgroup) each(visit func(pid int)) {
	_ = filepath.WalkDir(g.path, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return nil
		}
		pids, _ := os.ReadFile(path + "/cgroup.procs") // of a threaded group it can't be read
		for line := range strings.Lines(string(pids)) {
			if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
				visit(pid)
			}
		}
		return nil
	})
}

// kill ends every process in the group at once, forks in flight included. Where it can't, the group stays populated, which the caller sees.
func (g *cgroup) kill() { _ = os.WriteFile(g.path+"/cgroup.kill", []byte("1"), 0) }

// freeze returns when all processes of the group are frozen (or go on): the kernel does it one by one. It doesn't wait long
// for one that is stuck in the kernel.
func (g *cgroup) freeze(on bool) error {
	state := "0"
	if on {
		state = "1"
	}
	if err := os.WriteFile(g.path+"/cgroup.freeze", []byte(state), 0); err != nil {
		return err
	}
	for range 20 {
		if g.says("frozen " + state) {
			break
		}
		time.Sleep(100 * time.Microsecond)
	}
	return nil
}

// FindCgroup makes a service's cgroup below our own, proves that it can hold and kill, and gives its folder. The error says for people
// why there can be none.
func FindCgroup(name string) (base string, err error) {
	mount, err := cgroup2Mount()
	if err != nil {
		return "", err
	}
	own, err := ownCgroup()
	if err != nil {
		return "", err
	}
	base = filepath.Join(mount, own, name)
	if _, err := makeBase(base); err != nil {
		return "", fmt.Errorf("%s can't be used: %w", base, err)
	}
	// A process of ours must be able to be born there: that takes write access to the common ancestor's cgroup.procs.
	if err := unix.Access(filepath.Join(mount, own, "cgroup.procs"), unix.W_OK); err != nil {
		_ = os.Remove(base)
		return "", fmt.Errorf("%s: %w", filepath.Join(mount, own, "cgroup.procs"), err)
	}
	if err := tryBirth(filepath.Join(base, "trial")); err != nil {
		_ = os.Remove(base)
		return "", fmt.Errorf("no process can be born in %s: %w", base, err)
	}
	return base, nil
}

// tryBirth has a process born in a group of its own. Some containers refuse clone3 or that flag of it; and where our own
// group was ever killed, Linux 6.14 and later kill every child that is born into another one (see Tree.Open).
//
// The child is to start an executable that doesn't exist. Where the child lives, ForkExec fails with ENOENT.
func tryBirth(path string) error {
	g, err := makeCgroup(path)
	if err != nil {
		return err
	}
	defer unix.Rmdir(path)
	dir, err := g.open()
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	pid, err := syscall.ForkExec("/proc/self/no executable", []string{"trial"}, &syscall.ProcAttr{
		Sys: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: dir},
	})
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return err
	}
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(pid, &status, 0, nil); err != unix.EINTR {
			return errors.New("it was killed at birth; was the group that daruma runs in killed before?")
		}
	}
}

// Cgroups gives the folder of each program's cgroup in the folder base, by the program's id; of several the latest. They are there as long as
// their [Tree]s are.
func Cgroups(base string) map[string]string {
	if base == "" {
		return nil
	}
	entries, _ := os.ReadDir(base)
	paths, latest := make(map[string]string, len(entries)), make(map[string]int, len(entries))
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), groupPrefix)
		dot := strings.LastIndexByte(rest, '.')
		if !ours || dot < 0 {
			continue
		}
		if serial, err := strconv.Atoi(rest[dot+1:]); err == nil && serial > latest[rest[:dot]] {
			latest[rest[:dot]], paths[rest[:dot]] = serial, base+"/"+e.Name()
		}
	}
	return paths
}

// MemoryEvents opens the memory.events of the cgroup that this process is in (cgroups(7), the kernel's cgroup-v2.rst). -1: it has none.
func MemoryEvents() int {
	mount, err := cgroup2Mount()
	if err != nil {
		return -1
	}
	own, err := ownCgroup()
	if err != nil {
		return -1
	}
	fd, err := unix.Open(filepath.Join(mount, own, "memory.events"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

func cgroup2Mount() (string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		// 36 35 98:0 /root /mount/point options - type source super: source proc_pid_mountinfo(5)
		before, after, ok := strings.Cut(line, " - ")
		if fields := strings.Fields(before); ok && strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 && fields[3] == "/" {
			return fields[4], nil
		}
	}
	return "", errors.New("no cgroup v2 file system is mounted")
}

func ownCgroup() (string, error) {
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path, nil
		}
	}
	return "", errors.New("/proc/self/cgroup names no cgroup v2")
}

// ClearCgroup kills everything below the folder base and removes the groups in it: what a keeper left that was killed. It fails where
// the processes aren't gone after 5 s. "" is no cgroup, with nothing in it.
func ClearCgroup(base string) error {
	if base == "" {
		return nil
	}
	g, err := makeCgroup(base)
	if err != nil {
		return err
	}
	deadline := monotonic.Now() + 5*time.Second
	for g.populated() {
		g.kill()
		if monotonic.Now() > deadline {
			return fmt.Errorf("processes in %s don't end although they were killed", base)
		}
		time.Sleep(time.Millisecond)
	}
	removeBelow(base)
	return nil
}

// removeBelow removes the groups below one: a program with the rights for it can make groups of its own there.
func removeBelow(path string) {
	entries, _ := os.ReadDir(path)
	for _, e := range entries {
		if e.IsDir() {
			below := filepath.Join(path, e.Name())
			removeBelow(below)
			_ = unix.Rmdir(below)
		}
	}
}

// RemoveCgroup does what ClearCgroup does, and removes base too.
func RemoveCgroup(base string) {
	if base != "" && ClearCgroup(base) == nil {
		_ = unix.Rmdir(base)
	}
}
