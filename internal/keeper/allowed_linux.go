package keeper

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/confine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// readTime is how long the reader may take: its disk may hang.
const readTime = 10 * time.Second

// reader is the process that reads the definition.
type reader struct {
	pidfd, fd int
	data      []byte
	deadline  time.Duration // monotonic
	again     bool          // when it is done
}

// readAllowances starts the process that reads the definition. Until it has ended nothing that the supervisor sends is carried out; the
// keeper's loop goes on.
func (k *keeper) readAllowances() {
	a := &k.allowed
	if a.reading {
		a.again = true
		return
	}
	a.asked, a.again = true, false
	if err := k.startReader(); err != nil {
		a.why = err.Error()
		return
	}
	a.reading, a.deadline = true, monotonic.Now()+readTime
	_ = k.poll.Add(a.fd, unix.EPOLLIN, k.readReader)
}

func (k *keeper) startReader() error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(pipe[1])
	_ = unix.SetNonblock(pipe[0], true)
	args := append([]string{"daruma", ReaderRole}, k.cfg.Args...)
	if k.hosted() {
		args = append(args, HostedFlag)
	}
	a := &k.allowed
	a.pidfd, a.fd, a.data = -1, pipe[0], nil
	attr := &syscall.ProcAttr{
		Env:   append(k.supervisorEnv(), confine.Variable+"="),
		Files: []uintptr{uintptr(k.null), uintptr(k.null), 2, uintptr(pipe[1])},
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &a.pidfd},
	}
	path := k.executable(len(k.sup.deaths)%3 == 2)
	err := confine.Start(confine.Rules{}, func(string) error {
		releaseOwnSignals()
		_, err := syscall.ForkExec(path, args, attr)
		return err
	})
	if err != nil {
		unix.Close(pipe[0])
		return fmt.Errorf("starting the process that reads it: %w", err)
	}
	return nil
}

// readReader takes what the reader has written, to the end of it.
func (k *keeper) readReader() {
	a := &k.allowed
	var buf [64 << 10]byte
	for {
		n, err := unix.Read(a.fd, buf[:])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil || n == 0:
			k.endReader(parseAllowed(a.data))
			return
		}
		if a.data = append(a.data, buf[:n]...); len(a.data) > wire.MaxFrame {
			k.endReader(nil, errors.New("it is too large"))
			return
		}
	}
}

// endReader is called when the reader is done, or takes too long.
func (k *keeper) endReader(m *wire.Allowed, err error) {
	a := &k.allowed
	k.poll.Remove(a.fd)
	unix.Close(a.fd)
	if a.pidfd >= 0 { // it has nothing left to do
		_ = unix.PidfdSendSignal(a.pidfd, unix.SIGKILL, nil, 0)
		unix.Close(a.pidfd)
	}
	k.reapDue = true
	a.reading, a.data = false, nil
	if err != nil {
		a.why = err.Error()
	} else {
		a.take(m)
	}
	if a.again {
		k.readAllowances()
	}
	if !a.reading {
		k.sup.pending = true // what came meanwhile
		if k.sup.deadline > 0 && !k.sup.dumping && !k.ending {
			k.sup.deadline = monotonic.Now() + k.cfg.Hang
		}
	}
}

// checkReader ends a reader that takes too long.
func (k *keeper) checkReader() {
	if a := &k.allowed; a.reading && monotonic.Now() >= a.deadline {
		k.endReader(nil, os.ErrDeadlineExceeded)
	}
}

// toHandOver gives what another image needs, what is in force last. That is what was handed over to this one, where the supervisor hasn't taken
// the definition again since: the file may say something else by now.
func (a *allowances) toHandOver() (list []*rules) {
	inForce := a.now
	if a.handed != nil {
		inForce = a.handed
	}
	if a.before != nil && a.before != inForce {
		list = append(list, a.before)
	}
	if inForce != nil {
		list = append(list, inForce)
	}
	return list
}

// takeOver takes what toHandOver of another image gave.
func (a *allowances) takeOver(list []*rules) {
	n := len(list)
	if n == 0 {
		return
	}
	a.now, a.handed = list[n-1], list[n-1]
	if n > 1 {
		a.before = list[n-2]
	}
}
