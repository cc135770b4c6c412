package service

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// systemProgram makes s one of those test services that only this system can have; false where there is no such.
func systemProgram(s *Service, program string, note func(string, ...any)) bool {
	switch program {
	case "parent":
		s.Run = func(ctx context.Context, host *Host) error { return parent(ctx, host, note) }
	case "stuck":
		s.Watchdog = 2 * time.Second
		s.Run = func(_ context.Context, host *Host) error { host.Ready(); note("ready"); stuck(); return nil }
	case "journal":
		s.Logger = nil // the package's own
		s.Run = func(_ context.Context, host *Host) error { host.Ready(); panic("out of luck") }
	default:
		return false
	}
	return true
}

// stuck brings Go's scheduler to a stop, timers and all: the garbage collector waits for a thread that is in the kernel
// without the runtime's knowledge, as one is that takes a page fault on a dead network drive.
func stuck() {
	go func() {
		runtime.LockOSThread()
		var all unix.Sigset_t
		for i := range all.Val {
			all.Val[i] = ^all.Val[i]
		}
		if err := unix.PthreadSigmask(unix.SIG_BLOCK, &all, nil); err != nil { // those by which the runtime preempts
			panic(err)
		}
		for {
			unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
		}
	}()
	for {
		runtime.GC()
	}
}

// parent starts children of its own, for the reaper not to touch, and an orphan, for it to reap.
func parent(ctx context.Context, host *Host, note func(string, ...any)) error {
	own := exec.Command("sh", "-c", "exit 7") // a zombie until Wait
	if err := own.Start(); err != nil {
		return err
	}
	orphan, err := exec.Command("sh", "-c", "sleep 0.2 >/dev/null 2>&1 & echo $!").Output()
	if err != nil {
		return err
	}
	note("orphan %s own %d", strings.TrimSpace(string(orphan)), own.Process.Pid)
	host.Ready()
	<-ctx.Done()
	var status *exec.ExitError
	if err := own.Wait(); !errors.As(err, &status) || status.ExitCode() != 7 {
		return fmt.Errorf("the child's exit was stolen: %w", err)
	}
	return nil
}
