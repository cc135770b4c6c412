// Package winevent names what Windows tells its services beside stop, pause and reload: changes of the power state and of people's sessions.
// Service.OnPower and Service.OnSession of [github.com/daruma-sh/daruma/service] get them. It compiles on every system, for programs of several.
package winevent

import "fmt"

// Power is a change of the power state, as Windows reports it: the PBT_ constants of WM_POWERBROADCAST, and values beyond those named here.
// Source: learn.microsoft.com, "HandlerEx", SERVICE_CONTROL_POWEREVENT.
type Power uint32

// The power events that a service gets without asking for more.
const (
	// PowerSuspend: the machine is about to sleep; there are about two seconds.
	PowerSuspend Power = 0x4
	// PowerResumed: it woke up because somebody is there. It follows PowerResumedAutomatically.
	PowerResumed Power = 0x7
	// PowerStatusChanged: mains or battery, or its charge.
	PowerStatusChanged Power = 0xA
	// PowerResumedAutomatically: it woke up, by a user or not; Windows always sends it.
	PowerResumedAutomatically Power = 0x12
)

// String gives the event in words.
func (e Power) String() string {
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
func (e Power) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Session is a change of somebody's session.
type Session struct {
	Change SessionChange
	ID     uint32 // the session's
}

// String gives the event in words.
func (e Session) String() string { return fmt.Sprintf("session %d: %v", e.ID, e.Change) }

// SessionChange is what happened to a session: the WTS_ constants of WM_WTSSESSION_CHANGE. Values beyond those named here
// are passed on. Source: learn.microsoft.com, "HandlerEx", SERVICE_CONTROL_SESSIONCHANGE.
type SessionChange uint32

// The changes of a session.
const (
	SessionConsoleConnect    SessionChange = 1 // to the machine's own screen
	SessionConsoleDisconnect SessionChange = 2
	SessionRemoteConnect     SessionChange = 3 // by remote desktop
	SessionRemoteDisconnect  SessionChange = 4
	SessionLogon             SessionChange = 5
	SessionLogoff            SessionChange = 6
	SessionLock              SessionChange = 7
	SessionUnlock            SessionChange = 8
	SessionRemoteControl     SessionChange = 9 // became or ceased to be remotely controlled
	SessionCreate            SessionChange = 10
	SessionTerminate         SessionChange = 11
)

// changes are their names.
var changes = [...]string{
	SessionConsoleConnect: "console connected", SessionConsoleDisconnect: "console disconnected",
	SessionRemoteConnect: "remote connected", SessionRemoteDisconnect: "remote disconnected",
	SessionLogon: "logon", SessionLogoff: "logoff", SessionLock: "locked", SessionUnlock: "unlocked",
	SessionRemoteControl: "remote control changed", SessionCreate: "created", SessionTerminate: "terminated",
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
