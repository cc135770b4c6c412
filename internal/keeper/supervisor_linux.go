package keeper

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// farewell is how long a supervisor gets to write the last logs when everything stops now, or to dump its stacks.
const farewell = 3 * time.Second

// supervisor is the keeper's view of its peer.
type supervisor struct {
	pid, pidfd, fd int

	deadline time.Duration // monotonic: by then it must be heard; 0: none
	heard    time.Duration // monotonic: when it last gave a sign of life, or died after one
	startAt  time.Duration // monotonic: start the next one then; 0: one is there
	dumping  bool          // it hung and was asked for its stacks
	why      string        // how the last one ended
	deaths   []time.Duration

	inbox     []byte
	heardUpTo int  // the inbox up to here is done with
	pending   bool // whole frames may still wait in the inbox
	outbox    []outgoing
	writing   bool // waiting for room in the socket
}

type outgoing struct {
	data []byte
	fds  []int
}

// start starts a supervisor and greets it with all that its predecessor left.
func (s *supervisor) start(k *keeper) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[1])
	args := append([]string{"daruma", "supervisor"}, k.cfg.Args...)
	s.pidfd = -1
	attr := &syscall.ProcAttr{
		Env:   k.supervisorEnv(),
		Files: []uintptr{uintptr(k.null), 1, 2, uintptr(pair[1])},
		// A process group of its own: the terminal's Ctrl+C comes to the keeper, which passes it on in good order.
		Sys: &syscall.SysProcAttr{Setpgid: true, PidFD: &s.pidfd},
	}
	// A new version that doesn't start must not cost the service its supervisor: every third try takes the
	// executable that is running now.
	s.pid, err = syscall.ForkExec(own(len(s.deaths)%3 == 2), args, attr)
	if err != nil {
		unix.Close(pair[0])
		return err
	}
	s.fd = pair[0]
	_ = unix.SetNonblock(s.fd, true)
	s.startAt, s.dumping, s.inbox, s.heardUpTo, s.outbox, s.writing = 0, false, nil, 0, nil, false
	s.deadline = Now() + k.cfg.Hang
	if err := k.poll.add(s.pidfd, unix.EPOLLIN, k.supervisorExited); err != nil {
		return err
	}
	if err := k.poll.add(s.fd, unix.EPOLLIN, func() { s.read(k) }); err != nil {
		return err
	}
	k.greet(s.why)
	s.flush(k)
	return nil
}

// supervisorEnv marks the supervisor as ours too. Where it outlives its keeper (stopped, or hung), the next one ends
// it like any stray: when it came to itself it would take the new keeper's programs for the dead one's, and end them.
func (k *keeper) supervisorEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DARUMA_RUN=") {
			env = append(env, v)
		}
	}
	return append(env, "DARUMA_RUN="+k.mark+"/!supervisor")
}

// supervisorExited: the programs run on; the next supervisor starts at once, or a little later if this one was short-lived.
func (k *keeper) supervisorExited() {
	s := &k.sup
	if s.pid == 0 {
		return
	}
	var status unix.WaitStatus
	if pid, err := unix.Wait4(s.pid, &status, unix.WNOHANG, nil); err == nil && pid == 0 {
		return
	}
	s.read(k) // what it said before it died counts
	for s.pending = true; s.pending; {
		s.hear(k)
	}
	hung := s.dumping
	k.poll.remove(s.pidfd)
	k.poll.remove(s.fd)
	unix.Close(s.pidfd)
	unix.Close(s.fd)
	k.saveStacks(s.pid)
	s.pid, s.pidfd, s.fd, s.deadline, s.outbox = 0, -1, -1, 0, nil
	if k.done {
		return
	}
	s.why = wayOfDeath(status, hung)
	if k.stops > 0 && len(s.deaths) >= 4 && !k.ending { // no supervisor lives long enough to stop anything
		k.stopNow("an earlier request")
	}
	if k.ending {
		k.done, k.exitCode = true, 1
		return
	}
	now := Now()
	if !hung {
		s.heard = now
	}
	s.startAt = now + s.patience(now)
}

// patience spaces the restarts of a supervisor that keeps dying: none at first, half a second in the end, never giving
// up. No longer than that, because without it nobody empties the programs' pipes.
func (s *supervisor) patience(now time.Duration) time.Duration {
	keep := s.deaths[:0]
	for _, at := range s.deaths {
		if now-at < time.Minute {
			keep = append(keep, at)
		}
	}
	s.deaths = append(keep, now)
	n := len(s.deaths) - 1
	if n == 0 {
		return 0
	}
	return min(50*time.Millisecond<<min(n-1, 10), 500*time.Millisecond)
}

func wayOfDeath(status unix.WaitStatus, hung bool) string {
	switch {
	case hung:
		return "it hung (no heartbeat) and was ended; its stacks were saved"
	case status.Signaled():
		return "it was ended by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("it ended with exit code %d", status.ExitStatus())
}

// watch starts the next supervisor when it is time, and ends one that hangs.
func (s *supervisor) watch(k *keeper) {
	now := Now()
	if s.pid == 0 {
		if k.ending {
			k.done, k.exitCode = true, 1
		}
		if s.startAt > 0 && now >= s.startAt && !k.done {
			if err := s.start(k); err != nil {
				tell("daruma: starting a supervisor: "+err.Error(), 0)
				s.startAt = now + max(s.patience(now), 100*time.Millisecond)
			}
		}
		return
	}
	if s.deadline == 0 || now < s.deadline {
		return
	}
	if now-s.deadline > time.Second && !s.dumping && !k.ending {
		s.deadline = now + k.cfg.Hang // it was us who slept, and perhaps both (kill -STOP, a frozen container)
		return
	}
	if s.dumping || k.ending {
		_ = unix.PidfdSendSignal(s.pidfd, unix.SIGKILL, nil, 0)
		s.deadline = 0
		return
	}
	// Go prints all goroutines on SIGQUIT, into the file that the supervisor named. SIGCONT in case it was stopped.
	s.dumping = true
	s.deadline = now + farewell
	_ = unix.PidfdSendSignal(s.pidfd, unix.SIGQUIT, nil, 0)
	_ = unix.PidfdSendSignal(s.pidfd, unix.SIGCONT, nil, 0)
}

// farewell waits for a supervisor that has said Finish, so that no zombie of ours is left to whoever is init here.
func (s *supervisor) farewell() {
	if s.pid == 0 {
		return
	}
	fds := []unix.PollFd{{Fd: int32(s.pidfd), Events: unix.POLLIN}}
	for end := Now() + farewell; Now() < end; {
		if n, err := unix.Poll(fds, int((end-Now())/time.Millisecond)+1); n > 0 || err != nil && err != unix.EINTR {
			break
		}
	}
	_ = unix.PidfdSendSignal(s.pidfd, unix.SIGKILL, nil, 0)
	_, _ = unix.Wait4(s.pid, nil, 0, nil)
	s.pid = 0
}

// StacksFile is where the supervisor with this pid lets its stacks be written if it crashes or hangs.
func StacksFile(run string, pid int) string {
	return filepath.Join(run, fmt.Sprintf("stacks-%d.txt", pid))
}

// saveStacks keeps the stacks of a supervisor that crashed or hung, in the state folder.
func (k *keeper) saveStacks(pid int) {
	from := StacksFile(k.cfg.Folders.Run, pid)
	info, err := os.Lstat(from)
	if err != nil {
		return
	}
	if info.Size() == 0 || !info.Mode().IsRegular() {
		_ = os.Remove(from)
		return
	}
	k.dropStacks()
	name := fmt.Sprintf("supervisor-%s-%d.txt", time.Now().UTC().Format("20060102T150405Z"), pid)
	if err := os.Rename(from, filepath.Join(k.cfg.Folders.State, name)); errors.Is(err, unix.EXDEV) {
		if data, err := os.ReadFile(from); err == nil {
			_ = os.WriteFile(filepath.Join(k.cfg.Folders.State, name), data, 0o600)
			_ = os.Remove(from)
		}
	}
}

// keptStacks is how many saved stacks are kept: a supervisor that crashes twice a second mustn't fill the disk with them.
const keptStacks = 10

// dropStacks makes room for one more. The names sort by time.
func (k *keeper) dropStacks() {
	files, _ := filepath.Glob(filepath.Join(k.cfg.Folders.State, "supervisor-*.txt"))
	for n := 0; n <= len(files)-keptStacks; n++ {
		_ = os.Remove(files[n])
	}
}

// clearStacks removes what supervisors left that were killed together with their keeper: a successor of the same pid
// couldn't make its own.
func (k *keeper) clearStacks() {
	files, _ := filepath.Glob(filepath.Join(k.cfg.Folders.Run, "stacks-*.txt"))
	for _, f := range files {
		_ = os.Remove(f)
	}
}
