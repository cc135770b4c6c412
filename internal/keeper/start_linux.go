package keeper

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/reserve"
)

// launchable is a decoded Spec, ready to be started again and again.
type launchable struct {
	plan  launch.Plan
	split bool
	env   []string // the plan's, and one place for DARUMA_RUN
}

func prepare(s *Spec) (*launchable, error) {
	plan, err := launch.Decode(s.Plan)
	if err != nil {
		return nil, err
	}
	if err := plan.Check(); err != nil {
		return nil, err
	}
	l := &launchable{plan: *plan, split: s.Split}
	l.env = append(append(make([]string, 0, len(plan.Env)+2), plan.Env...), "", "")
	l.plan.Env = l.env
	return l, nil
}

// spawn obeys Spawn. At most one instance, ever: where a run is alive, it refuses.
func (k *keeper) spawn(m *Spawn) {
	if !usableID(m.ID) {
		k.distrust(errFrame)
		return
	}
	p := k.program(m.ID)
	if p.alive != nil {
		k.send(&Failed{ID: m.ID, Generation: m.Generation, Error: fmt.Sprintf("run %d is still alive (pid %d)", p.alive.Generation, p.alive.PID)})
		return
	}
	l, err := prepare(&m.Spec)
	if err == nil && k.stops > 1 {
		err = fmt.Errorf("daruma is stopping now")
	}
	if err != nil {
		p.newest = m.Generation
		k.send(&Failed{ID: m.ID, Generation: m.Generation, Error: err.Error()})
		return
	}
	p.launch, p.order = l, m.Order
	if err := k.start(p, m.Generation); err != nil {
		k.send(&Failed{ID: m.ID, Generation: m.Generation, Error: err.Error()})
		return
	}
	k.announce(p)
}

// keptDescriptors is what starting another supervisor, and ending trees, may need.
const keptDescriptors = 16

// start forks. It is the path that decides how fast a program stands again: no message, no log, no allocation to speak of.
func (k *keeper) start(p *program, generation uint64) error {
	p.newest = generation
	if err := reserve.Descriptors(keptDescriptors); err != nil {
		return err
	}
	if err := p.tree.open(k.trees, p.id); err != nil {
		return fmt.Errorf("making a cgroup: %w", err)
	}
	r := &run{Run: Run{Generation: generation}, pidfd: -1}
	stdio, err := k.pipes(r, p.launch.split)
	if err != nil {
		return fmt.Errorf("making a pipe for its output: %w", err)
	}
	l := p.launch
	n := len(l.env)
	gen := strconv.FormatUint(generation, 10)
	l.env[n-2] = "DARUMA_RUN=" + k.mark + "/" + p.id + "/" + gen
	l.env[n-1] = "DARUMA_GENERATION=" + gen
	listen, err := k.listeners(l.plan.ListenNames)
	if err == nil {
		r.PID, err = launch.Start(l.plan, launch.How{Stdio: stdio, Listen: listen, Sys: k.attributes(p, r)})
	}
	if err != nil {
		closeRun(r)
		return err
	}
	r.At, r.Wall = Now(), time.Now().UnixNano()
	p.alive = r
	k.byPID[r.PID] = p
	// Once, by edge: it stays readable after the end, and is closed only when there is time for that.
	return k.poll.add(r.pidfd, unix.EPOLLIN|unix.EPOLLET, func() { k.mainExited(p, r) })
}

func (k *keeper) attributes(p *program, r *run) *syscall.SysProcAttr {
	sys := &syscall.SysProcAttr{
		Setsid:    true, // a session of its own: the terminal's Ctrl+C is ours, not the program's
		Pdeathsig: syscall.SIGKILL,
		PidFD:     &r.pidfd,
	}
	p.tree.attach(sys)
	return sys
}

// pipes makes the run's output pipes. The read ends never block whoever reads them: keeper and supervisor share them.
func (k *keeper) pipes(r *run, split bool) (stdio [3]uintptr, err error) {
	stdio[0] = uintptr(k.null)
	var fds [2]int
	for i := 1; i <= 2; i++ {
		if i == 2 && !split {
			stdio[2] = stdio[1]
			break
		}
		if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
			closeRun(r)
			return stdio, err
		}
		_ = unix.SetNonblock(fds[0], true)
		name := "stdout"
		if i == 2 {
			name = "stderr"
		}
		r.streams = append(r.streams, stream{name, fds[0], fds[1]})
		stdio[i] = uintptr(fds[1])
	}
	return stdio, nil
}

func (k *keeper) listeners(names []string) ([]uintptr, error) {
	var fds []uintptr
	for _, n := range names {
		f := k.sockets[n]
		if f == nil {
			return nil, fmt.Errorf("there is no socket called %q", n)
		}
		fds = append(fds, f.file.Fd())
	}
	return fds, nil
}

// announce tells the supervisor of a run, and hands it the read ends.
func (k *keeper) announce(p *program) {
	m := &Started{ID: p.id, Run: p.alive.Run}
	var fds []int
	for _, s := range p.alive.streams {
		m.Streams = append(m.Streams, s.name)
		fds = append(fds, s.fd)
	}
	k.send(m, fds...)
}

func (r *run) closeWriteEnds() {
	for i := range r.streams {
		if s := &r.streams[i]; s.write >= 0 {
			unix.Close(s.write)
			s.write = -1
		}
	}
}

func closeRun(r *run) {
	r.closeWriteEnds()
	for _, s := range r.streams {
		unix.Close(s.fd)
	}
	r.streams = nil
	if r.pidfd >= 0 {
		unix.Close(r.pidfd)
		r.pidfd = -1
	}
}

// usableID says whether an id can be part of a cgroup's name and of an environment variable. A program's name is shorter.
func usableID(id string) bool {
	return id != "" && len(id) <= 200 && !strings.ContainsAny(id, "/\x00")
}

func (k *keeper) program(id string) *program {
	p := k.programs[id]
	if p == nil {
		p = &program{id: id}
		k.programs[id] = p
	}
	p.unwanted = false
	return p
}

// own is this process' executable: by path, so that a new version is taken up, or as it runs where the path is gone.
func own(running bool) string {
	if path, err := os.Executable(); err == nil && !running {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return "/proc/self/exe"
}
