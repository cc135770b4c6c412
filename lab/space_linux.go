package lab

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

//go:embed namespace/*.sh
var scripts embed.FS

// space is what a machine lives in: namespaces of mounts, processes, network, IPC and host name, and a cgroup.
type space struct {
	guard  *exec.Cmd
	alive  io.Closer // the guard and all in the space end when this is closed, by us or by our death
	holder int       // the space's first process, as the host numbers it
	name   string    // of its cgroups
	stderr bytes.Buffer
}

// open makes a space by one of the scripts in namespace/.
func open(script string, args ...string) (*space, error) {
	s := &space{name: "daruma-lab-" + strings.ToLower(rand.Text()[:10])}
	guard, err := scripts.ReadFile("namespace/guard.sh")
	if err != nil {
		return nil, err
	}
	setup, err := scripts.ReadFile("namespace/" + script)
	if err != nil {
		return nil, err
	}
	s.guard = exec.Command("bash", append([]string{"-c", string(guard), "guard", s.name, "-c", string(setup), script}, args...)...)
	// A session of its own, or Ctrl+C in the terminal would end the guard before it has cleaned up.
	s.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.guard.Stderr = &s.stderr
	stdin, err := s.guard.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := s.guard.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.guard.Start(); err != nil {
		return nil, err
	}
	s.alive = stdin
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	pid, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if s.holder, err = strconv.Atoi(pid); !ok || err != nil {
		s.close()
		return nil, fmt.Errorf("making the machine's namespaces (%s): %s", script, bytes.TrimSpace(s.stderr.Bytes()))
	}
	if err := s.loopback(); err != nil {
		s.close()
		return nil, fmt.Errorf("the machine's loopback network: %w", err)
	}
	return s, nil
}

// close ends everything in the space and waits until it is gone.
func (s *space) close() error {
	if err := s.alive.Close(); err != nil {
		return err
	}
	if err := s.guard.Wait(); err != nil {
		return fmt.Errorf("ending the machine: %w: %s", err, bytes.TrimSpace(s.stderr.Bytes()))
	}
	return nil
}

// enter is the command line that runs something in the namespaces of a process.
func enter(pid int, more ...string) []string {
	return append([]string{"nsenter", "--target", strconv.Itoa(pid), "--mount", "--pid", "--net", "--uts", "--ipc"}, more...)
}

// inside is the path under which the host sees a file of the space.
func (s *space) inside(path string) string { return fmt.Sprintf("/proc/%d/root%s", s.holder, path) }

// loopback brings up lo. By ioctl: a bare Debian has no program for it.
func (s *space) loopback() error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is in the other namespace, and ends with this goroutine
		failed <- func() error {
			ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", s.holder))
			if err != nil {
				return err
			}
			defer ns.Close()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("setns: %w", err)
			}
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return fmt.Errorf("socket: %w", err)
			}
			defer unix.Close(fd)
			r, err := unix.NewIfreq("lo")
			if err != nil {
				return err
			}
			r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
			return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
		}()
	}()
	return <-failed
}
