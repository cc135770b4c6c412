package keeper

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
)

// start creates the process. It is the path that decides how fast a program stands again.
func (k *keeper) start(p *program, generation uint64) error {
	p.newest = generation
	r := &run{Run: Run{Generation: generation}}
	if err := k.create(p, r); err != nil {
		closeRun(r)
		return err
	}
	r.At, r.Wall = Now(), time.Now().UnixNano()
	p.alive = r
	return nil
}

func (k *keeper) create(p *program, r *run) error {
	stdio, err := k.pipes(r, p.launch.split)
	if err != nil {
		return fmt.Errorf("making a pipe for its output: %w", err)
	}
	l := p.launch
	n := len(l.env)
	gen := strconv.FormatUint(r.Generation, 10)
	l.env[n-2] = "DARUMA_RUN=" + k.runMark(p, r)
	l.env[n-1] = "DARUMA_GENERATION=" + gen
	if r.job, err = openJob(); err != nil {
		return fmt.Errorf("making a job for its processes: %w", err)
	}
	if err := k.port.add(r.job, func() { k.poll.post(func() { k.settle(p) }) }); err != nil {
		return fmt.Errorf("making a job for its processes: %w", err)
	}
	// A console of its own, without a window: a Ctrl+C meant for one program reaches no other, and not us.
	child, err := launch.Start(l.plan, launch.How{Stdio: stdio, Job: r.job.handle, Flags: windows.CREATE_NO_WINDOW})
	if err != nil {
		return err
	}
	r.handle, r.PID = child.Handle, child.PID
	if r.wait, err = k.poll.whenSignalled(r.handle, func() { k.mainExited(p, r) }); err != nil {
		r.job.terminate()
		return fmt.Errorf("waiting for its end: %w", err)
	}
	return nil
}

// pipes makes the run's output pipes. Only the program inherits the write ends: HANDLE_LIST sees to that.
func (k *keeper) pipes(r *run, split bool) (stdio [3]windows.Handle, err error) {
	stdio[0] = k.null
	for i := 1; i <= 2; i++ {
		if i == 2 && !split {
			stdio[2] = stdio[1]
			break
		}
		var read, write windows.Handle
		if err := windows.CreatePipe(&read, &write, nil, outputBuffer); err != nil {
			return stdio, os.NewSyscallError("CreatePipe", err)
		}
		name := "stdout"
		if i == 2 {
			name = "stderr"
		}
		r.streams = append(r.streams, stream{name, read, write})
		if err := windows.SetHandleInformation(write, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
			return stdio, os.NewSyscallError("SetHandleInformation", err)
		}
		stdio[i] = write
	}
	return stdio, nil
}

// outputBuffer is the room in an output pipe in bytes, as much as Linux gives.
const outputBuffer = 64 << 10

// own is this process' executable: by its name, so that a new version is taken up, or as it runs where there is none by
// that name. QueryFullProcessImageName knows the name that the running file has now, after an upgrade renamed it.
func own(running bool) string {
	path, err := os.Executable()
	if err == nil && !running {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(buf))
	if windows.QueryFullProcessImageName(windows.CurrentProcess(), 0, &buf[0], &n) == nil {
		return windows.UTF16ToString(buf[:n])
	}
	return path
}
