package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Event is something that happened. Times are those of the machine's monotonic clock.
type Event interface{ event() }

// Verb is what a person (or the definition, at boot) asks for.
type Verb uint8

// The verbs.
const (
	Start Verb = iota
	Stop
	Restart
	Pause
	Resume
)

// The events.
type (
	// Request asks something of one program; Program "" means all of them, in the order of their dependencies.
	Request struct {
		Verb    Verb
		Program string
		Grace   time.Duration // Stop, Restart: instead of terminationGracePeriodSeconds; 0: as defined
		Reason  string        // who or what asks, in words
		// Dependencies: Start and Restart of a program start what it depends on, too, stopped on purpose or not.
		Dependencies bool
	}
	// Shutdown stops all programs, dependents first; then the service has ended.
	Shutdown struct {
		Reason string
		Grace  time.Duration // instead of terminationGracePeriodSeconds; 0: as defined
	}
	// Reload replaces the definition. Restarted and Updated name programs, as [definition.Changes] has them.
	Reload struct {
		Definition         *definition.Service
		Restarted, Updated []string
	}
	// Spawned says that a run has begun. Where the keeper used its restart grant, Generation is newer than any Spawn asked for.
	Spawned struct {
		Program    string
		Generation uint64
		PID        int
		At         time.Duration // when the process began
	}
	// SpawnFailed says that a run could not begin, or that its launch failed after the fork.
	SpawnFailed struct {
		Program    string
		Generation uint64
		Error      string
	}
	// Exited says that a run and its whole process tree have ended.
	Exited struct {
		Program    string
		Generation uint64
		Exit       Exit
		Restarted  uint64 // the generation that the keeper started at once by its restart grant, or 0
	}
	// Unasked says that a stop signal reached nobody: a program on Windows without console and window can be sent nothing.
	Unasked struct {
		Program    string
		Generation uint64
	}
	// HookDone says that a postStart or preStop hook has ended.
	HookDone struct {
		Program    string
		Generation uint64
		PreStop    bool
		Error      string // "": it succeeded
	}
	// Probed says that the result of a probe changed.
	Probed struct {
		Program    string
		Generation uint64
		Kind       ProbeKind
		OK         bool
		Reason     string
	}
	// TimerFired brings back what SetTimer set.
	TimerFired struct {
		Program string
		Serial  uint64
		Reset   bool
	}
)

// ProbeKind tells the three probes apart.
type ProbeKind uint8

// The probes.
const (
	StartupProbe ProbeKind = iota
	LivenessProbe
	ReadinessProbe
)

var probeNames = [...]string{"startupProbe", "livenessProbe", "readinessProbe"}

// String gives the name of the field in the definition.
func (k ProbeKind) String() string { return probeNames[k] }

func (Request) event()     {}
func (Shutdown) event()    {}
func (Reload) event()      {}
func (Spawned) event()     {}
func (SpawnFailed) event() {}
func (Exited) event()      {}
func (Unasked) event()     {}
func (HookDone) event()    {}
func (Probed) event()      {}
func (TimerFired) event()  {}
