package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab/tree"
)

// Kernel boots a Debian 13 with systemd on a Linux kernel of its own (user-mode Linux) with a disk of its own and all cgroup
// controllers: MemoryMax, TasksMax and the OOM killer are real there, and CutPower loses what wasn't synced. It is slow: up
// in some 5 s, one processor, and system calls cost several times what they do on the host.
func Kernel(t testing.TB) *Machine {
	t.Helper()
	s := prepare(t, "kernel", "kernel.sh")
	// Into the folder that the machine sees. The Go command has it in its cache after the first time.
	build := exec.Command("go", "build", "-o", s.inside("/media/share/agent"), "github.com/daruma-sh/daruma/lab/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the lab's agent: %v\n%s", err, out)
	}
	m := &Machine{t: t, bench: &uml{space: s}}
	m.Boot()
	return m
}

// uml is the bench of a Kernel machine.
type uml struct {
	space   *space
	task    *task         // the kernel's process, nil while the machine is off
	ended   chan struct{} // closed when task has
	link    *link
	console lockedBuffer
}

func (u *uml) boot(ctx context.Context) error {
	if u.task != nil {
		return errors.New("it is up already")
	}
	in, toGuest, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	fromGuest, out, err := os.Pipe()
	if err != nil {
		toGuest.Close()
		return err
	}
	defer out.Close()
	line := append(enter(u.space.holder, "--", "sh", "-c", `cd /media/tmp && exec "$@"`, "sh"), "/usr/bin/linux.uml", "seccomp=on",
		"ubd0=/media/disk.cow,/media/image/disk.img", "root=/dev/ubda", "rw", "mem=768M", "init=/sbin/init", "con=null", "con0=null,fd:1",
		"ssl=null", "ssl0=fd:3,fd:4", "uml_dir=/media/tmp", "umid=lab", "quiet", "systemd.show_status=0", "panic=-1")
	u.console.reset()
	c := Command{Stdout: &u.console, Stderr: &u.console, files: []*os.File{in, out}}
	u.task, err = run(line, c, append(linuxEnv(), "TMPDIR=/media/tmp"), "machine")
	if err != nil {
		toGuest.Close()
		fromGuest.Close()
		return err
	}
	u.ended = make(chan struct{})
	u.link = connect(toGuest, fromGuest, u.space.inside("/media/share"))
	go func(t *task, ended chan struct{}) { t.wait(); close(ended) }(u.task, u.ended)
	if err := u.up(ctx); err != nil {
		u.cut()
		return fmt.Errorf("%w\nconsole: %s", err, u.console.text())
	}
	return nil
}

// up waits for the agent and then for systemd, whatever it has to say of its units.
func (u *uml) up(ctx context.Context) error {
	select {
	case <-u.link.greeted:
	case <-u.ended:
		return errors.New("the kernel has ended")
	case <-ctx.Done():
		return fmt.Errorf("waiting for the agent: %w", context.Cause(ctx))
	}
	h, err := u.start(Command{Path: "systemctl", Args: []string{"is-system-running", "--wait"}}, "boot")
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { h.wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for systemd: %w", context.Cause(ctx))
	}
}

func (u *uml) start(c Command, token string) (handle, error) {
	if u.task == nil {
		return nil, errors.New("the machine is off")
	}
	dir := c.Dir
	if dir == "" {
		dir = "/"
	}
	line := append([]string{"sh", "-c", inGroup, dir, c.Path}, c.Args...)
	return u.link.start(line, append(linuxEnv(), c.Env...), c, token)
}

func (u *uml) shutdown(ctx context.Context) error {
	if _, err := u.start(Command{Path: "systemctl", Args: []string{"poweroff"}}, "shutdown"); err != nil {
		return err
	}
	select {
	case <-u.ended:
		return u.cut()
	case <-ctx.Done():
		return fmt.Errorf("%w\nconsole: %s", context.Cause(ctx), u.console.text())
	}
}

// cut kills the kernel: what it hadn't written to its disk is lost.
func (u *uml) cut() error {
	if u.task == nil {
		return nil
	}
	err := tree.Extinguish(func() ([]int, error) { return tree.Members(u.space.holder) })
	<-u.ended
	u.link.close()
	u.task, u.link = nil, nil
	return err
}

func (u *uml) path(guest string) (string, error) {
	if !strings.HasPrefix(guest, "/") {
		return "", fmt.Errorf("%q isn't a path that begins with /", guest)
	}
	return guest, nil
}
