package manager

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// goneWithin is how long a service may stay marked for deletion before Uninstall and Install give up on it.
const goneWithin = 30 * time.Second

func uninstallService(ctx context.Context, m Manager, name string) (Changes, error) {
	// All rights at once, before anything is changed.
	s, err := openService(m, "uninstalling", name, windows.SERVICE_STOP|windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG|
		windows.SERVICE_ENUMERATE_DEPENDENTS|windows.DELETE)
	if err != nil {
		return Changes{}, err
	}
	defer s.close()
	executable, err := os.Executable()
	if err != nil {
		return Changes{}, s.fail("", err)
	}
	if err := s.mayChange(executable); err != nil {
		return Changes{}, err
	}
	// A service that is deleted while it runs stays until it stops, and no other of its name can be made.
	if err := s.stop(ctx); err != nil {
		return Changes{}, err
	}
	if err := windows.DeleteService(s.service); err != nil && !errors.Is(err, windows.ERROR_SERVICE_MARKED_FOR_DELETE) {
		return Changes{}, s.fail("", err)
	}
	s.closeService()
	if err := s.awaitGone(ctx); err != nil {
		return Changes{}, err
	}
	return Changes{Removed: true, Changed: []Change{{Setting: `HKLM\` + serviceKey(name), From: "service"}}}, nil
}

// awaitGone waits until the SCM knows no service of this name. The service goes when the last handle of any process is closed.
func (s *scm) awaitGone(ctx context.Context) error {
	bounded, cancel := context.WithTimeoutCause(ctx, goneWithin, windows.ERROR_SERVICE_MARKED_FOR_DELETE)
	defer cancel()
	err := s.poll(bounded, func() (bool, string, error) {
		err := s.open(windows.SERVICE_QUERY_STATUS)
		s.closeService()
		if errors.Is(err, ErrNotInstalled) {
			return true, "", nil
		}
		return false, s.name + " is marked for deletion, and another program has it open (services.msc, Task Manager, Event Viewer?)", err
	})
	if errors.Is(err, windows.ERROR_SERVICE_MARKED_FOR_DELETE) {
		return s.fail("waited "+goneWithin.String(), err)
	}
	return err
}
