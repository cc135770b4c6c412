package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Effect is something that the supervisor has to do.
type Effect interface{ effect() }

// Order is the standing order left with the keeper: restart at once, without asking, at most Count times within
// Within, on these exits. The zero Order means: never.
type Order struct {
	Count   int
	Within  time.Duration
	Codes   []Range // exit codes it covers
	Signals bool    // it covers death by a signal
}

// Range is the numbers From to To, both included.
type Range struct{ From, To int }

// The effects.
type (
	// Spawn starts a run.
	Spawn struct {
		Program    string
		Generation uint64
		Def        *definition.Program
		Order      Order
	}
	// SetOrder replaces the standing order.
	SetOrder struct {
		Program string
		Order   Order
	}
	// Signal sends the stop signal to the program's main process. The standing order ends with it.
	Signal struct {
		Program    string
		Generation uint64
		Def        *definition.Program
	}
	// Kill ends the whole process tree of a run. The standing order ends with it.
	Kill struct {
		Program    string
		Generation uint64
	}
	// Freeze stops the tree where it stands; Thaw lets it go on.
	Freeze struct {
		Program    string
		Generation uint64
		Thaw       bool
	}
	// RunHook runs postStart or preStop.
	RunHook struct {
		Program    string
		Generation uint64
		PreStop    bool
		Handler    *definition.Handler
		Timeout    time.Duration
	}
	// StartProbes starts the startup probe, or liveness and readiness; Adopted: their state so far is kept.
	StartProbes struct {
		Program    string
		Generation uint64
		Def        *definition.Program
		Startup    bool
		Ready      bool // readiness verdict to begin with
	}
	// StopProbes ends all probes of the program, or with OnlyLife those that a stop ends (liveness and startup).
	StopProbes struct {
		Program  string
		OnlyLife bool
	}
	// SetTimer asks for a TimerFired with this serial after After. The timer it replaces may be dropped.
	SetTimer struct {
		Program string
		Serial  uint64
		After   time.Duration
		Reset   bool
	}
	// Tell is for the event stream: what happened to a program and why.
	Tell struct {
		Program    string
		Generation uint64
		Kind       string
		Reason     string
		PID        int
	}
	// Fell opens an incident, or counts another fall of the one that is open.
	Fell struct {
		Program    string
		Generation uint64
		Kind       string // exit | signal | livenessProbe | startupProbe | spawn | postStart
		Cause      string
		Exit       *Exit
	}
	// Acted says what was done about the open incident.
	Acted struct {
		Program    string
		Generation uint64
		What       string
	}
	// Recovered closes the incident: the program stands again.
	Recovered struct {
		Program    string
		Generation uint64
	}
	// Closed ends the incident otherwise: gaveUp or stopped.
	Closed struct {
		Program string
		Outcome string
	}
	// Refused answers a request that can't be carried out in this state.
	Refused struct{ Program, Reason string }
	// WantedChanged says that the user wants, or no longer wants, the program up.
	WantedChanged struct {
		Program string
		Wanted  bool
	}
	// Removed says that a program that left the definition is down and forgotten.
	Removed struct{ Program string }
	// End says that the service is over. Failed: with a failure, so that the operating system restarts it.
	End struct {
		Failed bool
		Reason string
	}
)

func (Spawn) effect()         {}
func (SetOrder) effect()      {}
func (Signal) effect()        {}
func (Kill) effect()          {}
func (Freeze) effect()        {}
func (RunHook) effect()       {}
func (StartProbes) effect()   {}
func (StopProbes) effect()    {}
func (SetTimer) effect()      {}
func (Tell) effect()          {}
func (Fell) effect()          {}
func (Acted) effect()         {}
func (Recovered) effect()     {}
func (Closed) effect()        {}
func (Refused) effect()       {}
func (WantedChanged) effect() {}
func (Removed) effect()       {}
func (End) effect()           {}
