package keeper

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/confine"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// peer is the connection to the supervisor.
type peer struct{ pidfd, fd int }

func noPeer() peer { return peer{pidfd: -1, fd: -1} }

func (p *peer) connected() bool { return p.fd >= 0 }

func (p *peer) kill() {
	if p.pidfd >= 0 {
		_ = unix.PidfdSendSignal(p.pidfd, unix.SIGKILL, nil, 0)
	}
}

// askForStacks sends SIGQUIT, at which Go ends the process and prints all goroutines, into the file that the supervisor named. SIGCONT in
// case it was stopped.
func (s *supervisor) askForStacks(*keeper) {
	_ = unix.PidfdSendSignal(s.pidfd, unix.SIGQUIT, nil, 0)
	_ = unix.PidfdSendSignal(s.pidfd, unix.SIGCONT, nil, 0)
}

// start starts a supervisor and greets it with all that its predecessor left.
func (s *supervisor) start(k *keeper) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[1])
	args := append(append([]string{"daruma", "supervisor"}, k.cfg.Args...), tree.MarkArgument+k.supervisorMark())
	s.pidfd = -1
	attr := &syscall.ProcAttr{
		Files: []uintptr{uintptr(k.null), 1, 2, uintptr(pair[1])},
		// A process group of its own: the terminal's Ctrl+C is for the keeper, which passes it on when the supervisor can take it.
		Sys: &syscall.SysProcAttr{Setpgid: true, PidFD: &s.pidfd},
	}
	// A new version that doesn't start must not cost the service its supervisor: every third try takes the
	// executable that is running now.
	path := k.executable(len(s.deaths)%3 == 2)
	rules := k.supervisorRules()
	err = confine.Start(rules, func(missing string) (err error) {
		attr.Env = append(k.supervisorEnv(), confine.Variable+"="+missing)
		releaseOwnSignals()
		s.pid, err = syscall.ForkExec(path, args, attr)
		return err
	})
	if err != nil {
		unix.Close(pair[0])
		return err
	}
	s.fd = pair[0]
	_ = unix.SetNonblock(s.fd, true)
	s.reset(monotonic.Now() + k.cfg.Hang)
	if err := k.poll.Add(s.pidfd, unix.EPOLLIN, k.supervisorExited); err != nil {
		return err
	}
	if err := k.poll.Add(s.fd, unix.EPOLLIN, func() { s.read(k) }); err != nil {
		return err
	}
	k.greet(s.why)
	s.flush(k)
	return nil
}

// supervisorRules say what a supervisor keeps of this process' rights. Where neither a cgroup nor a service manager ends what a killed keeper
// leaves, the supervisor does, and must see and signal processes for that: Landlock would forbid it to read their environments.
func (k *keeper) supervisorRules() confine.Rules {
	r := confine.Rules{Cgroup: k.trees.base, Signals: k.trees.base == ""}
	if k.trees.base != "" || k.hosted() {
		r.Write = k.folders
	}
	return r
}

// supervisorExited is called when the supervisor seems to have ended.
func (k *keeper) supervisorExited() {
	s := &k.sup
	if s.pid == 0 {
		return
	}
	var status unix.WaitStatus
	if pid, err := unix.Wait4(s.pid, &status, unix.WNOHANG, nil); err == nil && pid == 0 {
		return
	}
	s.read(k)
	k.supervisorGone(endText(status))
}

// disconnect closes what connected the keeper to a supervisor that is gone.
func (k *keeper) disconnect() {
	s := &k.sup
	k.poll.Remove(s.pidfd)
	k.poll.Remove(s.fd)
	unix.Close(s.pidfd)
	unix.Close(s.fd)
	s.peer = noPeer()
}

func endText(status unix.WaitStatus) string {
	if status.Signaled() {
		return "it was ended by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("it ended with exit code %d", status.ExitStatus())
}

// awaitEnd waits for a supervisor that has sent Finish, so that no zombie of ours is left to the init process.
func (s *supervisor) awaitEnd() {
	if s.pid == 0 {
		return
	}
	fds := []unix.PollFd{{Fd: int32(s.pidfd), Events: unix.POLLIN}}
	for end := monotonic.Now() + supervisorGrace; monotonic.Now() < end; {
		if n, err := unix.Poll(fds, int((end-monotonic.Now())/time.Millisecond)+1); n > 0 || err != nil && err != unix.EINTR {
			break
		}
	}
	_ = unix.PidfdSendSignal(s.pidfd, unix.SIGKILL, nil, 0)
	_, _ = unix.Wait4(s.pid, nil, 0, nil)
	s.pid = 0
}
