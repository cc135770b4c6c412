package service

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// dispatcher is the process's connection to the Service Control Manager. golang.org/x/sys/windows/svc isn't used: its
// handler waits until the service reads the control, accepts what the service doesn't, and passes on pointers into memory that is
// the system's again as soon as the handler has returned.
type dispatcher struct {
	service *Service
	mail    *mailbox

	// Set by serviceMain before it says started.
	name      string // that the service is installed by
	arguments []string
	handle    windows.Handle

	handler uintptr
	started chan error
	stopped chan struct{} // closed when serviceMain may return
	ended   chan error    // StartServiceCtrlDispatcher returned
}

// connect connects to the Service Control Manager and returns when it has called back, on a thread of its own. The callbacks
// are never given back to the runtime; there is one pair of them, for a process can connect but once.
func connect(s *Service, mail *mailbox) (*dispatcher, error) {
	d := &dispatcher{service: s, mail: mail, started: make(chan error, 1), stopped: make(chan struct{}), ended: make(chan error, 1)}
	name, err := windows.UTF16PtrFromString(s.Name)
	if err != nil {
		return nil, err
	}
	d.handler = windows.NewCallback(d.control)
	table := []windows.SERVICE_TABLE_ENTRY{{ServiceName: name, ServiceProc: windows.NewCallback(d.serviceMain)}, {}}
	go func() { d.ended <- windows.StartServiceCtrlDispatcher(&table[0]) }()
	select {
	case err := <-d.started:
		return d, err
	case err := <-d.ended:
		if err == nil {
			err = fmt.Errorf("StartServiceCtrlDispatcher returned without having started the service")
		}
		return nil, err
	}
}

// serviceMain is called by the system, which keeps argv only until it returns.
func (d *dispatcher) serviceMain(argc uint32, argv **uint16) uintptr {
	for i, arg := range unsafe.Slice(argv, int(argc)) {
		if text := windows.UTF16PtrToString(arg); i == 0 {
			d.name = text
		} else {
			d.arguments = append(d.arguments, text)
		}
	}
	if d.name == "" {
		d.name = d.service.Name
	}
	// In a process of its own the name counts for nothing, so a service may be installed by another one.
	name, err := windows.UTF16PtrFromString(d.name)
	if err == nil {
		d.handle, err = windows.RegisterServiceCtrlHandlerEx(name, d.handler, 0)
	}
	if d.started <- err; err == nil {
		<-d.stopped
	}
	return windows.NO_ERROR
}

// wait waits for the end of the dispatcher once the service is stopped, so that nothing of it stays. A failure that is told by the
// end of the process leaves it as it is.
func (d *dispatcher) wait() {
	select {
	case <-d.stopped:
	default:
		return
	}
	limit := time.NewTimer(5 * time.Second)
	defer limit.Stop()
	select {
	case <-d.ended:
	case <-limit.C: // the Service Control Manager is busy; it knows that the service stopped
	}
}

// sessionNotification is WTSSESSION_NOTIFICATION.
type sessionNotification struct{ size, session uint32 }

// control is the service's HandlerEx. The system has one thread for all of a process's controls and gives it 30 s, so this
// only copies and posts.
func (d *dispatcher) control(code, eventType uint32, data unsafe.Pointer, _ uintptr) uintptr {
	m, errno := translate(d.service, code, eventType, data)
	if m != nil {
		d.mail.post(m)
	}
	return uintptr(errno)
}

// translate gives the message that a control becomes, nil where there is nothing to do, and the answer to the system.
func translate(s *Service, code, eventType uint32, data unsafe.Pointer) (message, windows.Errno) {
	var e controlEvent
	switch code {
	case windows.SERVICE_CONTROL_INTERROGATE:
		return nil, windows.NO_ERROR // the system knows the state, it is reported whenever it changes
	case windows.SERVICE_CONTROL_STOP:
		return stopMessage(StopRequested), windows.NO_ERROR
	case windows.SERVICE_CONTROL_SHUTDOWN:
		return stopMessage(Shutdown), windows.NO_ERROR
	case windows.SERVICE_CONTROL_PRESHUTDOWN:
		return stopMessage(PreShutdown), windows.NO_ERROR
	case windows.SERVICE_CONTROL_PAUSE:
		e.control = pauseControl
	case windows.SERVICE_CONTROL_CONTINUE:
		e.control = continueControl
	case windows.SERVICE_CONTROL_PARAMCHANGE:
		e.control = reloadControl
	case windows.SERVICE_CONTROL_POWEREVENT:
		e.control, e.power = powerControl, PowerEvent(eventType)
	case windows.SERVICE_CONTROL_SESSIONCHANGE:
		e.control, e.session.Change = sessionControl, SessionChange(eventType)
		if data != nil {
			e.session.ID = (*sessionNotification)(data).session
		}
	default:
		if code < 128 || code > 255 {
			return nil, windows.ERROR_CALL_NOT_IMPLEMENTED
		}
		e.control, e.code = customControl, uint8(code)
	}
	if !s.takes(e.control) {
		return nil, windows.ERROR_CALL_NOT_IMPLEMENTED
	}
	return controlMessage(e), windows.NO_ERROR
}
