package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Effect is something that the supervisor has to do.
type Effect interface{ effect() }

// RestartGrant is what the keeper may do alone: restart a program at once, without asking, at most Count times within
// Within, on these exits. The zero value allows no restart.
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
	// SetRestartGrant replaces the program's restart grant.
	SetRestartGrant struct {
		Program string
		Grant   RestartGrant
	}
	// Signal sends the stop signal to the program's main process. It also revokes the restart grant.
	Signal struct {
		Program    string
		Generation uint64
		Def        *definition.Program
	}
	// Kill ends the whole process tree of a run. It also revokes the restart grant.
	Kill struct {
		Program    string
		Generation uint64
	}
	// Freeze suspends all processes of a run; with Thaw it lets them go on.
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
	// StartProbes starts the startup probe, or the liveness and readiness probes.
	StartProbes struct {
		Program    string
		Generation uint64
		Def        *definition.Program
		Startup    bool
		Ready      bool // what readiness begins with
	}
	// StopProbes ends all probes of the program; with OnlyLife it leaves the readiness probe, which goes on during a stop.
	StopProbes struct {
		Program  string
		OnlyLife bool
	}
	// ReplaceProbes ends the probes of these kinds and starts those that Def has instead. Ready is what readiness begins with.
	ReplaceProbes struct {
		Program    string
		Generation uint64
		Def        *definition.Program
		Kinds      []ProbeKind
		Ready      bool
	}
	// SetTimer asks for a TimerFired with this serial after the duration After. It replaces the timer with the same Reset.
	SetTimer struct {
		Program string
		Serial  uint64
		After   time.Duration
		Reset   bool
	}
	// PublishEvent tells everybody who follows the events what happened to a program and why.
	PublishEvent struct {
		Program    string
		Generation uint64
		Kind       string
		Reason     string
		PID        int
	}
	// OpenIncident records a failure: it opens an incident, or counts one more failure in the open one.
	OpenIncident struct {
		Program    string
		Generation uint64
		Kind       string // exit | signal | outOfMemory | livenessProbe | startupProbe | spawn | postStart
		Cause      string
		Exit       *Exit
	}
	// RecordAction records what is done about the open incident.
	RecordAction struct {
		Program    string
		Generation uint64
		What       string
	}
	// RecordRecovery closes the incident: the program is up and ready again.
	RecordRecovery struct {
		Program    string
		Generation uint64
	}
	// CloseIncident closes the incident with another outcome.
	CloseIncident struct {
		Program string
		Outcome string // recovered (it ended as it should) | gaveUp | stopped
	}
	// Refuse answers a request that can't be carried out in this state. Program is empty where the request was for all.
	Refuse struct{ Program, Reason string }
	// RecordWanted records that somebody wants, or no longer wants, the program up.
	RecordWanted struct {
		Program string
		Wanted  bool
	}
	// ForgetProgram drops all that is held for a program that left the definition and is down.
	ForgetProgram struct{ Program string }
	// EndService ends the service. Failed: with a failure, so that the operating system restarts it.
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
func (ReplaceProbes) effect()   {}
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
