package service

import "fmt"

// PowerEvent is a change of the power state, as Windows reports it: the PBT_ constants of WM_POWERBROADCAST, and values beyond those named here.
// Source: learn.microsoft.com, "HandlerEx", SERVICE_CONTROL_POWEREVENT.
type PowerEvent uint32

// The power events that a service gets without asking for more.
const (
	// PowerSuspend: the machine is about to sleep; there are about two seconds.
	PowerSuspend PowerEvent = 0x4
	// PowerResumed: it woke up because somebody is there. It follows PowerResumedAutomatically.
	PowerResumed PowerEvent = 0x7
	// PowerStatusChanged: mains or battery, or its charge.
	PowerStatusChanged PowerEvent = 0xA
	// PowerResumedAutomatically: it woke up, by a user or not; Windows always sends it.
	PowerResumedAutomatically PowerEvent = 0x12
)

// String gives the event in words.
func (e PowerEvent) String() string {
	switch e {
	case PowerSuspend:
		return "suspend"
	case PowerResumed:
		return "resumed by a user"
	case PowerStatusChanged:
		return "power status changed"
	case PowerResumedAutomatically:
		return "resumed"
	default:
		return fmt.Sprintf("power event %#x", uint32(e))
	}
}

// MarshalText gives the event in words, so that they stand in JSON, a log's too.
func (e PowerEvent) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// SessionEvent is a change of somebody's session.
type SessionEvent struct {
	Change SessionChange
	ID     uint32 // the session's
}

// String gives the event in words.
func (e SessionEvent) String() string { return fmt.Sprintf("session %d: %v", e.ID, e.Change) }

// SessionChange is what happened to a session: the WTS_ constants of WM_WTSSESSION_CHANGE. Values beyond those named here
// are passed on. Source: learn.microsoft.com, "HandlerEx", SERVICE_CONTROL_SESSIONCHANGE.
type SessionChange uint32

// The changes of a session.
const (
	ConsoleConnect    SessionChange = 1 // to the machine's own screen
	ConsoleDisconnect SessionChange = 2
	RemoteConnect     SessionChange = 3 // by remote desktop
	RemoteDisconnect  SessionChange = 4
	SessionLogon      SessionChange = 5
	SessionLogoff     SessionChange = 6
	SessionLock       SessionChange = 7
	SessionUnlock     SessionChange = 8
	SessionRemote     SessionChange = 9 // became or ceased to be remotely controlled
	SessionCreate     SessionChange = 10
	SessionTerminate  SessionChange = 11
)

// changes are their names.
var changes = [...]string{
	ConsoleConnect: "console connected", ConsoleDisconnect: "console disconnected",
	RemoteConnect: "remote connected", RemoteDisconnect: "remote disconnected",
	SessionLogon: "logon", SessionLogoff: "logoff", SessionLock: "locked", SessionUnlock: "unlocked",
	SessionRemote: "remote control changed", SessionCreate: "created", SessionTerminate: "terminated",
}

// String gives the change in words.
func (c SessionChange) String() string {
	if int(c) < len(changes) && changes[c] != "" {
		return changes[c]
	}
	return fmt.Sprintf("change %d", uint32(c))
}

// MarshalText gives the change in words, so that they stand in JSON, a log's too.
func (c SessionChange) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
