package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/selfrestart"
)

func startService(ctx context.Context, m Manager, name string) error {
	s, err := openService(m, "starting", name, windows.SERVICE_START|windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer s.close()
	return s.start(ctx)
}

// start asks for the start and follows it to its end.
func (s *scm) start(ctx context.Context) error {
	// The call waits for the new process to connect, up to 30 s, and can't be interrupted: where the context ends first it
	// is left behind, and nobody takes its result.
	called := make(chan error, 1)
	go func(service windows.Handle) { called <- startUnlocked(ctx, service) }(s.service)
	err, gone := await(ctx, s.Manager, s.name+" is starting", called)
	if gone != nil {
		return &Error{Op: s.op, Name: s.name, Detail: "the Service Control Manager goes on with it", Cause: gone}
	}
	if err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
		return s.fail("", err)
	}
	return s.awaitState(ctx, windows.SERVICE_RUNNING)
}

// lockedFor is how long a start is tried while the Service Control Manager's database is locked: it is while another service starts,
// 30 s at most. Source: learn.microsoft.com, "Service Startup".
const lockedFor = 30 * time.Second

// startUnlocked calls StartService, again where another service's start keeps the database locked (1055).
func startUnlocked(ctx context.Context, service windows.Handle) error {
	end := time.NewTimer(lockedFor)
	defer end.Stop()
	again := time.NewTicker(250 * time.Millisecond)
	defer again.Stop()
	for {
		err := windows.StartService(service, 0, nil)
		if !errors.Is(err, windows.ERROR_SERVICE_DATABASE_LOCKED) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-end.C:
			return err
		case <-again.C:
		}
	}
}

// awaitState polls until the service is in the wanted state, or in one from which it won't get there.
func (s *scm) awaitState(ctx context.Context, want uint32) error {
	err := s.poll(ctx, func() (bool, string, error) {
		status, err := s.status()
		if err != nil {
			return false, "", err
		}
		if status.CurrentState == want {
			return true, "", nil
		}
		if want == windows.SERVICE_RUNNING && status.CurrentState == windows.SERVICE_STOPPED {
			return false, "", &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Detail: "it stopped again: " + scmOf(status).outcome()}
		}
		if want == windows.SERVICE_RUNNING && status.CurrentState == windows.SERVICE_PAUSED {
			return false, "", &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Detail: "it is paused", Remedy: "sc continue " + s.name}
		}
		return false, fmt.Sprintf("%s is in %s, checkpoint %d", s.name, stateName(status.CurrentState), status.CheckPoint), nil
	})
	var known *Error
	if err != nil && !errors.As(err, &known) {
		return &Error{Op: s.op, Name: s.name, Detail: "the Service Control Manager goes on with it", Cause: err}
	}
	return err
}

func stopService(ctx context.Context, m Manager, name string) error {
	s, err := openService(m, "stopping", name, windows.SERVICE_STOP|windows.SERVICE_QUERY_STATUS|windows.SERVICE_ENUMERATE_DEPENDENTS)
	if err != nil {
		return err
	}
	defer s.close()
	return s.stop(ctx)
}

// stop asks for the stop as soon as the service takes it, and waits for the process's end: "stopped" comes a little before,
// and the executable can't be replaced until then.
func (s *scm) stop(ctx context.Context) error {
	status, err := s.status()
	if err != nil || status.CurrentState == windows.SERVICE_STOPPED {
		return err
	}
	var p process
	if status.ServiceType&windows.SERVICE_WIN32_OWN_PROCESS != 0 && !isOwn(&status) { // one that is shared with others goes on
		p.open(status.ProcessId)
	}
	defer p.close()
	if err := s.askToStop(ctx, &p); err != nil {
		return err
	}
	if err := s.awaitState(ctx, windows.SERVICE_STOPPED); err != nil || p.handle == 0 {
		return err
	}
	return s.poll(ctx, func() (bool, string, error) {
		return p.ended(0), s.name + " has stopped, its process hasn't ended", nil
	})
}

// process is a service's process by its handle: a pid may be another's a moment later.
type process struct {
	handle windows.Handle // 0: unknown, or it couldn't be opened for want of rights; then the state that the service reports has to do
	since  time.Time      // when it was first seen to have ended, or not to be there
}

func (p *process) open(pid uint32) {
	if handle, err := windows.OpenProcess(windows.SYNCHRONIZE, false, pid); err == nil {
		p.handle = handle
	}
}

func (p *process) close() {
	if p.handle != 0 {
		windows.CloseHandle(p.handle)
	}
}

// ended reports that the process has been known to have ended for this long.
func (p *process) ended(long time.Duration) bool {
	if p.handle == 0 {
		return false
	}
	if event, err := windows.WaitForSingleObject(p.handle, 0); err != nil || event != windows.WAIT_OBJECT_0 {
		return false
	}
	return p.longSince(long)
}

// missing reports that a service in START_PENDING has been known to have no process for this long. For a moment it has none, until the service
// manager has made it. Under Wine it has none for ever where the process died before it connected.
func (p *process) missing(pid uint32, long time.Duration) bool {
	if p.handle != 0 {
		return false
	}
	if pid != 0 {
		p.open(pid)
		p.since = time.Time{}
		return false
	}
	return p.longSince(long)
}

func (p *process) longSince(long time.Duration) bool {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	return time.Since(p.since) >= long
}

func (s *scm) askToStop(ctx context.Context, p *process) error {
	return s.poll(ctx, func() (bool, string, error) {
		var status windows.SERVICE_STATUS
		err := windows.ControlService(s.service, windows.SERVICE_CONTROL_STOP, &status)
		switch {
		case err == nil, errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE):
			return true, "", nil
		case errors.Is(err, windows.ERROR_SERVICE_CANNOT_ACCEPT_CTRL), errors.Is(err, windows.ERROR_INVALID_SERVICE_CONTROL):
			return s.whyNoStop(err, p)
		case errors.Is(err, windows.ERROR_DEPENDENT_SERVICES_RUNNING):
			return false, "", &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Cause: err,
				Remedy: "stop first what depends on it: " + strings.Join(s.dependents(), ", ")}
		}
		return false, "", s.fail("", err)
	})
}

// whyNoStop finds out why the service refused a stop. It takes one later, once it has started; or it is stopping already; or it never takes
// any. Windows answers 1061 in the first two cases, Wine 1052 in all.
func (s *scm) whyNoStop(refusal error, p *process) (done bool, what string, err error) {
	status, err := s.status()
	if err != nil {
		return false, "", err
	}
	switch status.CurrentState {
	case windows.SERVICE_STOP_PENDING, windows.SERVICE_STOPPED:
		return true, "", nil
	case windows.SERVICE_RUNNING, windows.SERVICE_PAUSED:
		if status.ControlsAccepted&windows.SERVICE_ACCEPT_STOP == 0 {
			return false, "", &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Cause: refusal, Remedy: "this service takes no stop"}
		}
	}
	const limit = 5 * time.Second
	if p.ended(limit) || p.missing(status.ProcessId, limit) { // Wine never notices; the wait would have no end
		return false, "", &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Cause: refusal,
			Detail: "its process has ended, and the service manager still has it in " + stateName(status.CurrentState)}
	}
	return false, s.name + " is in " + stateName(status.CurrentState) + " and doesn't take a stop yet", nil
}

// dependents are the running services that depend on this one, in the order in which they must stop.
func (s *scm) dependents() []string {
	var names []string
	var count uint32
	buffer, err := query(func(b *byte, size uint32, needed *uint32) error {
		err := windows.EnumDependentServices(s.service, windows.SERVICE_ACTIVE, (*windows.ENUM_SERVICE_STATUS)(unsafe.Pointer(b)), size, needed, &count)
		if errors.Is(err, windows.ERROR_MORE_DATA) {
			return windows.ERROR_INSUFFICIENT_BUFFER
		}
		return err
	})
	if err != nil || count == 0 {
		return []string{"sc enumdepend " + s.name + " lists it"}
	}
	for _, e := range unsafe.Slice((*windows.ENUM_SERVICE_STATUS)(unsafe.Pointer(&buffer[0])), count) {
		names = append(names, windows.UTF16PtrToString(e.ServiceName))
	}
	return slices.Clip(names)
}

func restartService(ctx context.Context, m Manager, name string) error {
	s, err := openService(m, "restarting", name,
		windows.SERVICE_START|windows.SERVICE_STOP|windows.SERVICE_QUERY_STATUS|windows.SERVICE_ENUMERATE_DEPENDENTS)
	if err != nil {
		return err
	}
	defer s.close()
	own, err := s.isOwn()
	if err != nil {
		return err
	}
	if own {
		selfrestart.Note() // first: the stop may end this process at any moment
	}
	if err := s.stop(ctx); err != nil {
		if own {
			selfrestart.Forget()
		}
		return err
	}
	return s.start(ctx) // nothing, where another has done so
}

// isOwn says whether the service runs in this process, alone.
func (s *scm) isOwn() (bool, error) {
	status, err := s.status()
	return err == nil && isOwn(&status), err
}

func isOwn(status *windows.SERVICE_STATUS_PROCESS) bool {
	return status.ServiceType&windows.SERVICE_WIN32_OWN_PROCESS != 0 && status.ProcessId == windows.GetCurrentProcessId()
}
