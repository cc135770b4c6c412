package manager

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/wine"
)

// scm is a connection to the Service Control Manager for one call of this package, with a handle of one service.
type scm struct {
	Manager
	op, name string
	manager  windows.Handle
	service  windows.Handle // 0: not open
	wine     bool

	// dependsOn is of the spec that is being installed: Wine forgets the dependencies with every change that doesn't bring
	// them along.
	dependsOn []string
}

// openSCM connects with the access that is needed, and no more: without rights a user can still read.
func openSCM(m Manager, op, name string, access uint32) (*scm, error) {
	s := &scm{Manager: m, op: op, name: name, wine: wine.Running()}
	if err := checkName(name); err != nil {
		return nil, &Error{Op: op, Name: name, Kind: ErrInvalid, Cause: err}
	}
	var err error
	if s.manager, err = windows.OpenSCManager(nil, nil, access); err != nil {
		return nil, s.fail("connecting to the Service Control Manager", err)
	}
	return s, nil
}

// openService is openSCM and open in one, for a service that must be there.
func openService(m Manager, op, name string, access uint32) (*scm, error) {
	s, err := openSCM(m, op, name, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return nil, err
	}
	if err := s.open(access); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *scm) open(access uint32) error {
	name, err := windows.UTF16PtrFromString(s.name)
	if err != nil {
		return s.fail("", err)
	}
	if s.service, err = windows.OpenService(s.manager, name, access); err != nil {
		return s.fail("", err)
	}
	return nil
}

// closeService gives the handle back: while any is open, a deleted service stays.
func (s *scm) closeService() {
	if s.service != 0 {
		windows.CloseServiceHandle(s.service)
		s.service = 0
	}
}

func (s *scm) close() {
	s.closeService()
	windows.CloseServiceHandle(s.manager)
}

// fail makes an *Error of an error of Windows.
func (s *scm) fail(detail string, err error) error {
	e := &Error{Op: s.op, Name: s.name, Detail: detail, Cause: err}
	var number syscall.Errno
	if !errors.As(err, &number) {
		return e
	}
	e.Cause = fmt.Errorf("error %d: %w", int(number), err)
	switch number {
	case windows.ERROR_ACCESS_DENIED:
		e.Kind, e.Remedy = ErrRights, "run it as administrator: right-click the terminal, Run as administrator"
	case windows.ERROR_SERVICE_DOES_NOT_EXIST:
		e.Kind = ErrNotInstalled
	case windows.ERROR_SERVICE_DISABLED:
		e.Kind, e.Remedy = ErrDisabled, "install it again with another start type; or a service that it depends on is disabled"
	case windows.ERROR_SERVICE_MARKED_FOR_DELETE:
		e.Kind = ErrMarkedForDeletion
		e.Remedy = "it goes when the last program that has it open closes it: close services.msc, Task Manager and the Event Viewer"
	case windows.ERROR_SERVICE_REQUEST_TIMEOUT:
		e.Kind, e.Remedy = ErrFailed, "the process didn't connect to the Service Control Manager, or didn't answer it, in time"
	case windows.ERROR_SERVICE_LOGON_FAILED:
		e.Kind, e.Remedy = ErrFailed, "wrong account or password, or it lacks the right to log on as a service"
	case windows.ERROR_SERVICE_DEPENDENCY_FAIL, windows.ERROR_SERVICE_DEPENDENCY_DELETED:
		e.Kind, e.Remedy = ErrFailed, "check the services that it depends on: sc qc "+s.name
	case windows.ERROR_FILE_NOT_FOUND, windows.ERROR_PATH_NOT_FOUND:
		e.Kind, e.Remedy = ErrFailed, "the service's executable is gone: install it again from where it is now"
	case windows.ERROR_SHUTDOWN_IN_PROGRESS:
		e.Kind = ErrFailed
	}
	return e
}

// query calls an API that fills a buffer with a structure and what it points to, growing the buffer until it fits.
func query(call func(buffer *byte, size uint32, needed *uint32) error) ([]byte, error) {
	for size := uint32(1024); ; {
		// Of 8-byte words: the structure in front has pointers and must be aligned to them.
		words := make([]uint64, (size+7)/8)
		buffer := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)
		var needed uint32
		err := call(&buffer[0], uint32(len(buffer)), &needed)
		if err == nil {
			return buffer, nil
		}
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) || needed <= uint32(len(buffer)) {
			return nil, err
		}
		size = needed
	}
}

// config reads the main settings. mgr.Service.Config reads others along with them, which Wine refuses.
func (s *scm) config() (*windows.QUERY_SERVICE_CONFIG, error) {
	buffer, err := query(func(b *byte, size uint32, needed *uint32) error {
		return windows.QueryServiceConfig(s.service, (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(b)), size, needed)
	})
	if err != nil {
		return nil, err
	}
	return (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buffer[0])), nil
}

// config2 reads an optional setting into a structure T, which may point into the rest of its buffer.
func config2[T any](s *scm, level uint32) (*T, error) {
	buffer, err := query(func(b *byte, size uint32, needed *uint32) error {
		return windows.QueryServiceConfig2(s.service, level, b, size, needed)
	})
	if err != nil {
		return nil, err
	}
	return (*T)(unsafe.Pointer(&buffer[0])), nil
}

func setConfig2[T any](s *scm, level uint32, value *T) error {
	return windows.ChangeServiceConfig2(s.service, level, (*byte)(unsafe.Pointer(value)))
}

// status reads the whole of SERVICE_STATUS_PROCESS; mgr.Service.Query leaves checkpoint and wait hint out.
func (s *scm) status() (windows.SERVICE_STATUS_PROCESS, error) {
	var status windows.SERVICE_STATUS_PROCESS
	var needed uint32
	err := windows.QueryServiceStatusEx(s.service, windows.SC_STATUS_PROCESS_INFO,
		(*byte)(unsafe.Pointer(&status)), uint32(unsafe.Sizeof(status)), &needed)
	if err != nil {
		return status, s.fail("asking for its status", err)
	}
	return status, nil
}
