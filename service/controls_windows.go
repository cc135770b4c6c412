package service

import (
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/scm"
	"github.com/daruma-sh/daruma/service/winevent"
)

// handled are the controls that the service has a handler for, as SERVICE_ACCEPT_….
func handled(s *Service) uint32 {
	mask := uint32(0)
	for c, bit := range map[control]uint32{
		pauseControl:   windows.SERVICE_ACCEPT_PAUSE_CONTINUE,
		reloadControl:  windows.SERVICE_ACCEPT_PARAMCHANGE,
		powerControl:   windows.SERVICE_ACCEPT_POWEREVENT,
		sessionControl: windows.SERVICE_ACCEPT_SESSIONCHANGE,
	} {
		if s.takes(c) {
			mask |= bit
		}
	}
	return mask
}

// translate gives the message that a control becomes, nil where there is nothing to do, and the answer to the system.
func translate(s *Service, c scm.Control) (message, windows.Errno) {
	var e controlEvent
	switch c.Code {
	case windows.SERVICE_CONTROL_INTERROGATE:
		return nil, windows.NO_ERROR // the system knows the state: each change is reported
	case windows.SERVICE_CONTROL_STOP:
		return stopMessage(ReasonStop), windows.NO_ERROR
	case windows.SERVICE_CONTROL_SHUTDOWN:
		return stopMessage(ReasonShutdown), windows.NO_ERROR
	case windows.SERVICE_CONTROL_PRESHUTDOWN:
		return stopMessage(ReasonPreShutdown), windows.NO_ERROR
	case windows.SERVICE_CONTROL_PAUSE:
		e.control = pauseControl
	case windows.SERVICE_CONTROL_CONTINUE:
		e.control = continueControl
	case windows.SERVICE_CONTROL_PARAMCHANGE:
		e.control = reloadControl
	case windows.SERVICE_CONTROL_POWEREVENT:
		e.control, e.power = powerControl, winevent.Power(c.EventType)
	case windows.SERVICE_CONTROL_SESSIONCHANGE:
		e.control, e.session = sessionControl, winevent.Session{Change: winevent.SessionChange(c.EventType), ID: c.Session}
	default:
		if c.Code < 128 || c.Code > 255 {
			return nil, windows.ERROR_CALL_NOT_IMPLEMENTED
		}
		e.control, e.code = customControl, uint8(c.Code)
	}
	if !s.takes(e.control) {
		return nil, windows.ERROR_CALL_NOT_IMPLEMENTED
	}
	return controlMessage(e), windows.NO_ERROR
}

// shutdownLimit: at SHUTDOWN all services together have a fixed time, after which Windows ends them without a word. We keep a fifth of it
// for the end. At PRESHUTDOWN a service has the time that it was installed with.
func shutdownLimit(reason Reason) time.Duration {
	if reason != ReasonShutdown {
		return 0
	}
	return scm.ShutdownTimeout() * 4 / 5
}
