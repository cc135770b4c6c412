package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Effect is something that the supervisor has to do.
type Effect interface{ effect() }

// RestartGrant is the standing order left with the keeper: restart at once, without asking, at most Count times within
// Within, on these exits. The zero RestartGrant means: never.
type RestartGrant struct {
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
		Grant      RestartGrant
	}
	// SetRestartGrant replaces the standing order.
	SetRestartGrant struct {
		Program string
		Grant   RestartGrant
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
		Ready      bool // readiness decision to begin with
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
	// PublishEvent is for the event stream: what happened to a program and why.
	PublishEvent struct {
		Program    string
		Generation uint64
		Kind       string
		Reason     string
		PID        int
	}
	// OpenIncident opens an incident, or counts another fall of the one that is open.
	OpenIncident struct {
		Program    string
		Generation uint64
		Kind       string // exit | signal | livenessProbe | startupProbe | spawn | postStart
		Cause      string
		Exit       *Exit
	}
	// RecordAction says what was done about the open incident.
	RecordAction struct {
		Program    string
		Generation uint64
		What       string
	}
	// RecordRecovery closes the incident: the program stands again.
	RecordRecovery struct {
		Program    string
		Generation uint64
	}
	// CloseIncident ends the incident otherwise: gaveUp or stopped.
	CloseIncident struct {
		Program string
		Outcome string
	}
	// Refuse answers a request that can't be carried out in this state.
	Refuse struct{ Program, Reason string }
	// RecordWanted says that the user wants, or no longer wants, the program up.
	RecordWanted struct {
		Program string
		Wanted  bool
	}
	// ForgetProgram says that a program that left the definition is down and forgotten.
	ForgetProgram struct{ Program string }
	// End says that the service is over. Failed: with a failure, so that the operating system restarts it.
	EndService struct {
		Failed bool
		Reason string
	}
)

func (Spawn) effect()           {}
func (SetRestartGrant) effect() {}
func (Signal) effect()          {}
func (Kill) effect()            {}
func (Freeze) effect()          {}
func (RunHook) effect()         {}
func (StartProbes) effect()     {}
func (StopProbes) effect()      {}
func (SetTimer) effect()        {}
func (PublishEvent) effect()    {}
func (OpenIncident) effect()    {}
func (RecordAction) effect()    {}
func (RecordRecovery) effect()  {}
func (CloseIncident) effect()   {}
func (Refuse) effect()          {}
func (RecordWanted) effect()    {}
func (ForgetProgram) effect()   {}
func (EndService) effect()      {}
