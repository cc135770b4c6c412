// Package platform is what a service reports to whatever runs it: its state, and how it ended. [Notifier] reports by the
// messages of sd_notify(3), package scm to the Service Control Manager.
package platform

import "time"

// State is where a service stands.
type State uint8

// The states, in the order in which a service that is never paused goes through them.
const (
	Starting State = iota
	Running
	Pausing
	Paused
	Continuing
	Stopping
	Stopped
)

var states = [...]string{Starting: "starting", Running: "running", Pausing: "pausing", Paused: "paused",
	Continuing: "continuing", Stopping: "stopping", Stopped: "stopped"}

// String gives the state in one word.
func (s State) String() string { return states[s] }

// Pending tells whether the state is on the way to another one.
func (s State) Pending() bool {
	return s == Starting || s == Pausing || s == Continuing || s == Stopping
}

// Situation is a report of the state.
type Situation struct {
	State      State
	Reason     string        // Stopping: why
	Checkpoint uint32        // pending: grows with each report of the same state, from 1
	Hint       time.Duration // pending: the next report comes sooner than this
}

// Outcome is a report of the end.
type Outcome struct {
	Code    int    // exit code; 0: a clean stop
	Failure string // why Code isn't 0, in one line that a status can hold
	Asked   bool   // somebody wanted the stop, and it went wrong
	Final   bool   // another start doesn't cure the failure
	Hung    bool   // the service gave no sign of life
}

// Platform is whatever runs the service. One goroutine calls it. No method may keep that waiting, except Ended, which may take
// up to [EndTimeout] to bring the outcome to the system.
type Platform interface {
	Report(Situation)
	Reloading()
	Reloaded()
	Status(text string) // one line
	Extend(time.Duration)
	Beat()
	Send(lines ...string) // messages of sd_notify, KEY=VALUE
	Ended(Outcome)
}

// EndTimeout is how long a process may take for its last output and its outcome once a deadline has passed.
const EndTimeout = 2 * time.Second

// Grace is what a service manager gives beyond the service's own deadlines, so that those end it first: with the stacks in the
// log, and an exit code that says why.
const Grace = 10 * time.Second
