package service

import "time"

// state is where a service stands.
type state uint8

const (
	starting state = iota
	running
	pausing
	paused
	continuing
	stopping
	stopped
)

// states are the words of each.
var states = [...]string{starting: "starting", running: "running", pausing: "pausing", paused: "paused",
	continuing: "continuing", stopping: "stopping", stopped: "stopped"}

func (s state) String() string { return states[s] }

func (s state) pending() bool {
	return s == starting || s == pausing || s == continuing || s == stopping
}

// situation is what the system is told about the state.
type situation struct {
	state      state
	reason     StopReason    // stopping: why
	checkpoint uint32        // pending: grows
	hint       time.Duration // pending: the next report comes sooner than this
}

// outcome is how a service ended.
type outcome struct {
	code  ExitCode
	err   error // nil where code is ExitOK
	asked bool  // the system wanted the stop, which went wrong
}

// platform is whatever runs the service. The runner's goroutine alone calls it, and no method may keep it waiting; ended may
// take as long as it needs to bring the outcome to the system, at most a second or two.
type platform interface {
	environment() Environment
	// watchdog is how often the surroundings want to hear a beat at least, 0 not at all.
	watchdog() time.Duration
	// limit is what the system gives for a stop of that reason, 0 where it says nothing.
	limit(StopReason) time.Duration

	report(situation)
	reloading()
	reloaded()
	status(text string)
	extend(time.Duration)
	beat()
	say(words []string)
	ended(outcome)
}

// control is what the system asks of a running service, beside stopping.
type control uint8

const (
	pauseControl control = iota
	continueControl
	reloadControl
	powerControl
	sessionControl
	customControl
)

// controlEvent is a control with its data, copied: the system takes its memory back when its handler returns.
type controlEvent struct {
	control control
	power   PowerEvent
	session SessionEvent
	code    uint8
}

// takes tells whether the service has a handler for the control.
func (s *Service) takes(c control) bool {
	switch c {
	case pauseControl, continueControl:
		return s.OnPause != nil
	case reloadControl:
		return s.OnReload != nil
	case powerControl:
		return s.OnPower != nil
	case sessionControl:
		return s.OnSession != nil
	case customControl:
		return s.OnControl != nil
	}
	return false
}
