package keeper

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// peer is the connection to the supervisor.
type peer struct {
	handle     windows.Handle // of its process
	wait       *poll.Waiter
	out        *pipeWriter
	in         *os.File
	exited     bool // its process has ended
	inputEnded bool // all that it sent has been read
}

func noPeer() peer { return peer{} }

func (p *peer) connected() bool { return p.out != nil }

// killedSupervisor is the exit code of one that we ended.
const killedSupervisor = 137

func (p *peer) kill() {
	if p.handle != 0 {
		_ = windows.TerminateProcess(p.handle, killedSupervisor)
	}
}

// askForStacks sends a message, for there is no SIGQUIT here. The goroutine that receives it runs although the supervisor's loop hangs.
func (s *supervisor) askForStacks(k *keeper) {
	k.send(&wire.DumpStacks{})
	s.flush(k)
}

// start starts a supervisor and greets it with all that its predecessor left.
func (s *supervisor) start(k *keeper) error {
	pipes, err := wire.NewPipes()
	if err != nil {
		return err
	}
	stdio, err := inheritableOutput()
	if err == nil {
		stdio[0] = k.null
		err = k.createSupervisor(stdio, &pipes)
	}
	for _, h := range append(pipes.Theirs[:], stdio[1:]...) {
		closeIfOpen(h)
	}
	if err != nil {
		pipes.Down.Close()
		pipes.Up.Close()
		return err
	}
	s.out, s.in = newPipeWriter(pipes.Down), pipes.Up
	s.reset(monotonic.Now() + k.cfg.Hang)
	if s.wait, err = k.poll.WhenSignalled(s.handle, k.supervisorExited); err != nil {
		s.kill() // its end can't be waited for; that of its pipe can
	}
	go k.read(pipes.Up)
	k.noteSupervisor()
	k.greet(s.why)
	s.flush(k)
	return nil
}

func closeIfOpen(h windows.Handle) {
	if h != 0 {
		windows.CloseHandle(h)
	}
}

func (k *keeper) createSupervisor(stdio [3]windows.Handle, pipes *wire.Pipes) error {
	s := &k.sup
	// A new version that doesn't start must not cost the service its supervisor: every third try takes the
	// executable that is running now.
	exe := k.executable(len(s.deaths)%3 == 2 && k.up.phase != probation)
	plan := launch.Plan{
		Path: exe, Argv: append([]string{exe, "supervisor"}, k.cfg.Args...), UID: launch.Leave, GID: launch.Leave,
		Env: append(k.supervisorEnv(), pipes.Variable()),
	}
	// A process group of its own: the console's Ctrl+C is for the keeper, which passes it on when the supervisor can take it.
	// Not in a job: it may outlive the keeper for as long as it takes to write down the programs' last output.
	child, err := launch.Start(plan, launch.Attachments{Stdio: stdio, Extra: pipes.Theirs[:], Flags: windows.CREATE_NEW_PROCESS_GROUP})
	if err != nil {
		if k.up.phase == probation {
			k.upgradeFailed(upgradeText(exe, err))
		}
		return err
	}
	s.handle, s.pid = child.Handle, child.PID
	s.exited, s.inputEnded = false, false
	if u := &k.up; u.phase == probation { // a virus scanner may have held the new file up for longer than that
		u.deadline = monotonic.Now() + probationLimit
	}
	return nil
}

// inheritableOutput duplicates our own stdout and stderr, where there are any: a service has none.
func inheritableOutput() (stdio [3]windows.Handle, err error) {
	self := windows.CurrentProcess()
	for i, id := range []uint32{1: windows.STD_OUTPUT_HANDLE, 2: windows.STD_ERROR_HANDLE} {
		if i == 0 {
			continue
		}
		h, err := windows.GetStdHandle(id)
		if err != nil || h == 0 || h == windows.InvalidHandle {
			continue
		}
		if err := windows.DuplicateHandle(self, h, self, &stdio[i], 0, true, windows.DUPLICATE_SAME_ACCESS); err != nil {
			stdio[i] = 0 // closed: whatever is printed goes nowhere
		}
	}
	return stdio, nil
}

// supervisorExited is called when its process has ended.
func (k *keeper) supervisorExited() {
	k.sup.exited = true
	k.supervisorEnded()
}

// supervisorEnded starts the next supervisor, once this one's process has ended and all that it sent is read.
func (k *keeper) supervisorEnded() {
	s := &k.sup
	if s.pid == 0 || !s.exited || !s.inputEnded {
		return
	}
	var code uint32
	_ = windows.GetExitCodeProcess(s.handle, &code)
	k.supervisorGone(fmt.Sprintf("it ended with exit code %s", exitCodeText(code)))
}

// exitCodeText writes NTSTATUS values as Microsoft does.
func exitCodeText(code uint32) string {
	if code >= 0xC0000000 {
		return fmt.Sprintf("0x%08X", code)
	}
	return strconv.Itoa(int(code))
}

// disconnect closes what connected the keeper to a supervisor that is gone.
func (k *keeper) disconnect() {
	s := &k.sup
	if s.wait != nil {
		s.wait.Stop()
	}
	s.out.close()
	s.in.Close()
	windows.CloseHandle(s.handle)
	s.peer = noPeer()
}

// awaitEnd waits for a supervisor that has sent Finish.
func (s *supervisor) awaitEnd() {
	if s.pid == 0 {
		return
	}
	if event, err := windows.WaitForSingleObject(s.handle, uint32(supervisorGrace/time.Millisecond)); err != nil || event != windows.WAIT_OBJECT_0 {
		s.kill()
	}
	s.pid = 0
}
