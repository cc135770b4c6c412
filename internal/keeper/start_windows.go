package keeper

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// createLimit is how long the loop waits for CreateProcess, which takes some milliseconds. It may take for ever: whoever may read the
// executable can hold an opportunistic lock on it, and to open it then waits until he lets go.
// Source: https://learn.microsoft.com/windows-hardware/drivers/ifs/oplock-semantics-overview
const createLimit = 100 * time.Millisecond

// start creates the process, and has waited for that unless it took longer than createLimit: then run.starting is set, see starting.go.
// It decides how fast a program is up again.
func (k *keeper) start(p *program, generation uint64) error {
	p.newest = generation
	r := &run{Run: wire.Run{Generation: generation}}
	outcome, err := k.create(p, r)
	if err != nil {
		closeRun(r)
		return err
	}
	r.At, r.Wall = monotonic.Now(), time.Now().UnixNano()
	select {
	case c := <-outcome:
		if err := k.created(p, r, c); err != nil {
			closeRun(r)
			return err
		}
	case <-time.After(createLimit):
		k.awaitCreation(p, r, outcome)
	}
	p.alive = r
	return nil
}

// creation is what CreateProcess answered.
type creation struct {
	child launch.Child
	err   error
}

// create begins to create the process, on a thread of its own.
func (k *keeper) create(p *program, r *run) (<-chan creation, error) {
	l := p.launch
	with, channel, err := k.pipes(r, l)
	if err != nil {
		return nil, fmt.Errorf("making a pipe for its output: %w", err)
	}
	if r.job, err = tree.OpenJob(&l.plan); err != nil {
		return nil, fmt.Errorf("making a job for its processes: %w", err)
	}
	if err := k.port.Add(r.job, func() { k.poll.Post(func() { k.finishRun(p) }) }); err != nil {
		return nil, fmt.Errorf("making a job for its processes: %w", err)
	}
	// A console of its own, without a window: a Ctrl+C for one program reaches no other, and not the keeper.
	with.Job, with.Flags = r.job.Handle, windows.CREATE_NO_WINDOW
	plan := l.plan
	plan.Env = slices.Clone(k.environment(l, k.runMark(p, r), r.Generation, uint64(channel))) // the next run's are written into the same list
	outcome := make(chan creation, 1)
	go func() {
		child, err := k.createProcess(plan, with)
		outcome <- creation{child, err}
	}()
	return outcome, nil
}

// created takes the process that was created.
func (k *keeper) created(p *program, r *run, c creation) (err error) {
	if c.err != nil {
		return c.err
	}
	r.handle, r.PID = c.child.Handle, c.child.PID
	if r.wait, err = k.poll.WhenSignalled(r.handle, func() { k.mainExited(p, r) }); err != nil {
		r.job.Terminate()
		return fmt.Errorf("waiting for its end: %w", err)
	}
	return nil
}

// pipes makes the run's pipes: one or two for its output, one for its notify channel where it has one, one for a standard input that stays open.
func (k *keeper) pipes(r *run, l *launchable) (with launch.Attachments, channel windows.Handle, err error) {
	with.Stdio[0] = k.null
	if l.openStdin {
		if with.Stdio[0], err = r.inputPipe(); err != nil {
			return with, 0, err
		}
	}
	if with.Stdio[1], err = r.pipe("stdout"); err != nil {
		return with, 0, err
	}
	with.Stdio[2] = with.Stdio[1]
	if l.split {
		if with.Stdio[2], err = r.pipe("stderr"); err != nil {
			return with, 0, err
		}
	}
	if l.plan.Notify {
		if channel, err = r.pipe("notify"); err == nil {
			with.Extra = []windows.Handle{channel}
		}
	}
	return with, channel, err
}

// pipe makes one and gives its write end. Only this program inherits it: HANDLE_LIST sees to that.
func (r *run) pipe(name string) (windows.Handle, error) {
	var read, write windows.Handle
	if err := windows.CreatePipe(&read, &write, nil, outputBuffer); err != nil {
		return 0, os.NewSyscallError("CreatePipe", err)
	}
	r.streams = append(r.streams, stream{name, read, write})
	return write, os.NewSyscallError("SetHandleInformation", windows.SetHandleInformation(write, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT))
}

// inputPipe makes one that nobody writes to, and gives its read end.
func (r *run) inputPipe() (windows.Handle, error) {
	var read, write windows.Handle
	if err := windows.CreatePipe(&read, &write, nil, 0); err != nil {
		return 0, os.NewSyscallError("CreatePipe", err)
	}
	r.stdin = []descriptor{read, write}
	return read, os.NewSyscallError("SetHandleInformation", windows.SetHandleInformation(read, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT))
}

// outputBuffer is the room in an output pipe in bytes, as much as Linux gives.
const outputBuffer = 64 << 10

// executable is this process' own: by its name, so that a new version is taken, or with running, and where there is none by that name
// because an upgrade renamed it, or where its supervisors didn't come up after one, the file that runs.
func (k *keeper) executable(running bool) string {
	path, err := os.Executable()
	if _, gone := os.Stat(path); err == nil && gone == nil && !running && !k.fileRefused() {
		return path
	}
	if now := nameOf(k.image); now != "" {
		return now
	}
	return path
}

// openImage opens this process' executable, to find out its name later, when it was renamed. It can be renamed while it is open.
func openImage() windows.Handle {
	path, err := os.Executable()
	if err != nil {
		return 0
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, share, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0
	}
	return h
}

// nameOf is the path that an open file has now, or "".
func nameOf(file windows.Handle) string {
	if file == 0 {
		return ""
	}
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetFinalPathNameByHandle(file, &buf[0], uint32(len(buf)), 0)
	if err != nil || n == 0 || int(n) > len(buf) {
		return ""
	}
	name := windows.UTF16ToString(buf[:n])
	if short, ok := strings.CutPrefix(name, `\\?\`); ok && len(short) > 1 && short[1] == ':' {
		return short
	}
	return name
}
