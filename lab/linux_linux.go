package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab/tree"
)

// Linux boots a Debian 13 with systemd and D-Bus, by systemd-nspawn, on the host's kernel. What needs cgroup controllers
// (MemoryMax, TasksMax) depends on the host; Kernel has them always. It is up in about a second.
func Linux(t testing.TB) *Machine {
	t.Helper()
	s := prepare(t, "linux", "linux.sh")
	m := &Machine{t: t, bench: &nspawn{space: s}}
	m.Boot()
	return m
}

// nspawn is the bench of a Linux machine.
type nspawn struct {
	space   *space
	task    *task         // systemd-nspawn, nil while the machine is off
	ended   chan struct{} // closed when task has
	console lockedBuffer
	leader  int // the machine's systemd, as the host numbers it
}

// linuxEnv is the environment of commands in a Linux machine.
func linuxEnv() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "USER=root", "LANG=C.UTF-8", "TERM=dumb"}
}

// inGroup runs a command line in a folder and in a cgroup beside systemd's units, so that it is nobody's service.
const inGroup = `mkdir -p /sys/fs/cgroup/lab && echo $$ > /sys/fs/cgroup/lab/cgroup.procs; cd "$0" && exec "$@"`

func (n *nspawn) start(c Command, token string) (handle, error) {
	if n.task == nil {
		return nil, errors.New("the machine is off")
	}
	dir := c.Dir
	if dir == "" {
		dir = "/"
	}
	line := append(enter(n.leader, "--cgroup", "--", "sh", "-c", inGroup, dir, c.Path), c.Args...)
	return run(line, c, linuxEnv(), token)
}

// boot starts systemd-nspawn and waits for the READY=1 that the machine's systemd sends when it has reached its target.
func (n *nspawn) boot(ctx context.Context) error {
	if n.task != nil {
		return errors.New("it is up already")
	}
	os.Remove(n.space.inside("/media/notify"))
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: n.space.inside("/media/notify"), Net: "unixgram"})
	if err != nil {
		return err
	}
	defer notify.Close()
	// Its own cgroup: nsenter leaves the test's as it is. Unified, whatever the host has: that is what today's systems have.
	// A cut machine leaves a mount that nspawn refuses to make anew.
	script := `umount -q /run/systemd/nspawn/unix-export/lab
		for d in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
		if test -d $d/$0; then echo $$ > $d/$0/cgroup.procs; fi; done; exec "$@"`
	line := append(enter(n.space.holder, "--", "bash", "-c", script, n.space.name), "systemd-nspawn", "--quiet", "--directory=/media/root",
		"--boot", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "--notify-ready=yes", "--machine=lab",
		"--resolv-conf=off", "--timezone=off", "--link-journal=no")
	n.console.reset()
	c := Command{Stdout: &n.console, Stderr: &n.console}
	env := append(linuxEnv(), "NOTIFY_SOCKET=/media/notify", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	if n.task, err = run(line, c, env, "machine"); err != nil {
		return err
	}
	n.ended = make(chan struct{})
	go func(t *task, ended chan struct{}) { t.wait(); close(ended) }(n.task, n.ended)
	if err := n.ready(ctx, notify); err != nil {
		n.cut()
		return fmt.Errorf("%w\nconsole: %s", err, n.console.text())
	}
	outer, ok := tree.Child(n.task.cmd.Process.Pid) // nsenter's child is systemd-nspawn, whose child is the machine's first process
	if ok {
		n.leader, ok = tree.Child(outer)
	}
	if !ok {
		n.cut()
		return fmt.Errorf("the machine's first process isn't there\nconsole: %s", n.console.text())
	}
	return nil
}

func (n *nspawn) ready(ctx context.Context, notify *net.UnixConn) error {
	stop := context.AfterFunc(ctx, func() { notify.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	go func(ended chan struct{}) { <-ended; notify.SetReadDeadline(time.Unix(1, 0)) }(n.ended)
	buf := make([]byte, 4096)
	for {
		size, err := notify.Read(buf)
		if err != nil {
			select {
			case <-n.ended:
				return errors.New("systemd-nspawn has ended")
			default:
			}
			return fmt.Errorf("waiting for systemd: %w", context.Cause(ctx))
		}
		for line := range bytes.Lines(buf[:size]) {
			if strings.TrimSpace(string(line)) == "READY=1" {
				return nil
			}
		}
	}
}

func (n *nspawn) shutdown(ctx context.Context) error {
	if n.task == nil {
		return errors.New("it is off already")
	}
	off, err := n.start(Command{Path: "systemctl", Args: []string{"poweroff"}}, "shutdown")
	if err != nil {
		return err
	}
	go off.wait() // it may be killed by what it asked for
	select {
	case <-n.ended:
		n.task, n.leader = nil, 0
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w\nconsole: %s", context.Cause(ctx), n.console.text())
	}
}

// cut kills the machine's first process, and the kernel with it all others of its pid namespace.
func (n *nspawn) cut() error {
	if n.task == nil {
		return nil
	}
	err := tree.Extinguish(func() ([]int, error) {
		list, err := tree.Members(n.space.holder)
		if n.leader != 0 && tree.Alive(n.leader) {
			list = append(list, n.leader)
		}
		return list, err
	})
	<-n.ended
	n.task, n.leader = nil, 0
	return err
}

func (n *nspawn) path(guest string) (string, error) {
	if !strings.HasPrefix(guest, "/") {
		return "", fmt.Errorf("%q isn't a path that begins with /", guest)
	}
	return guest, nil
}
