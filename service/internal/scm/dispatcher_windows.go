package scm

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Control is a control as the Service Control Manager sends it, copied: the system takes its memory back when the handler returns.
type Control struct {
	Code      uint32 // SERVICE_CONTROL_…, or 128 to 255
	EventType uint32 // POWEREVENT: PBT_…, SESSIONCHANGE: WTS_…
	Session   uint32 // SESSIONCHANGE: whose
}

// Dispatcher is the process's connection to the Service Control Manager.
type Dispatcher struct {
	handle func(Control) windows.Errno

	// serviceMain sets these before it sends on started.
	name      string // the service's, as it was installed
	arguments []string
	status    windows.Handle

	handler uintptr
	started chan error
	stopped chan struct{} // closed when serviceMain may return
	ended   chan error    // StartServiceCtrlDispatcher returned
}

// Connect connects to the Service Control Manager and returns when that has called back, on a thread of its own. Then each
// control is given to handle, whose result the system gets as the answer. The system has one thread for all of a process's controls and gives it 30 s,
// so handle must not wait.
//
// ERROR_FAILED_SERVICE_CONTROLLER_CONNECT says that the Service Control Manager didn't start this process. A process can connect
// once: the callbacks are never given back to the runtime.
func Connect(name string, handle func(Control) windows.Errno) (*Dispatcher, error) {
	d := &Dispatcher{handle: handle, name: name, started: make(chan error, 1), stopped: make(chan struct{}), ended: make(chan error, 1)}
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	d.handler = windows.NewCallback(d.control)
	table := []windows.SERVICE_TABLE_ENTRY{{ServiceName: text, ServiceProc: windows.NewCallback(d.serviceMain)}, {}}
	go func() { d.ended <- windows.StartServiceCtrlDispatcher(&table[0]) }()
	select {
	case err := <-d.started:
		return d, err
	case err := <-d.ended:
		if err == nil {
			err = errors.New("StartServiceCtrlDispatcher returned without having started the service")
		}
		return nil, err
	}
}

// Name is the service's, as it was installed.
func (d *Dispatcher) Name() string { return d.name }

// Arguments are those given to the start (sc start NAME a b).
func (d *Dispatcher) Arguments() []string { return d.arguments }

// serviceMain is called by the system, which keeps argv only until it returns.
func (d *Dispatcher) serviceMain(argc uint32, argv **uint16) uintptr {
	for i, arg := range unsafe.Slice(argv, int(argc)) {
		if text := windows.UTF16PtrToString(arg); i > 0 {
			d.arguments = append(d.arguments, text)
		} else if text != "" {
			d.name = text // a service in a process of its own may be installed by another name than the table's
		}
	}
	name, err := windows.UTF16PtrFromString(d.name)
	if err == nil {
		d.status, err = windows.RegisterServiceCtrlHandlerEx(name, d.handler, 0)
	}
	if d.started <- err; err == nil {
		<-d.stopped
	}
	return windows.NO_ERROR
}

// Wait waits for the end of the dispatcher once the service has reported STOPPED, so that nothing of it is left. It returns at once
// where the outcome is reported by the end of the process.
func (d *Dispatcher) Wait() {
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

// control is the service's HandlerEx.
func (d *Dispatcher) control(code, eventType uint32, data unsafe.Pointer, _ uintptr) uintptr {
	c := Control{Code: code, EventType: eventType}
	if code == windows.SERVICE_CONTROL_SESSIONCHANGE && data != nil {
		c.Session = (*sessionNotification)(data).session
	}
	return uintptr(d.handle(c))
}
