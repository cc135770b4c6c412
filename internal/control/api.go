// Package control is how everything outside talks to a running supervisor: the types of its API, the server on a
// socket that only its owner can open, and on another one for readers, and the client.
//
// The supervisor implements [Backend] and publishes what happens to a [Hub]; [Listen] serves both as HTTP and JSON.
// Nothing here knows how programs are kept running, and no client, however slow or hostile, makes Backend or Hub wait.
package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Backend is what the server asks; the supervisor implements it. Every method may be called from many goroutines at once.
type Backend interface {
	// Status is a snapshot, taken in the moment of the call. It must not wait for programs: the server gives it 5 s.
	Status(ctx context.Context) (Status, error)

	// Alive gives the service's name once the goroutine that owns the service's state has got to it. It reads no file: observers and ensure ask often.
	Alive(ctx context.Context) (service string, err error)

	// Command carries c out and returns when it is done or ctx ends. When ctx ends (the client hung up or timed out)
	// only the waiting ends: a stop that has begun goes on. A command that meets another under way waits for it or
	// joins it; it isn't refused for that.
	//
	// c has passed [Command.Validate]. Errors the server tells apart: *[UnknownProgramError] (404), *[ConflictError]
	// (409); any other is 500. A program that couldn't do it is no error but a [ProgramResult] that isn't Done; a reload
	// that the definition's errors forbid is no error but Answer.Errors (422).
	Command(ctx context.Context, c Command) (Answer, error)

	// Incidents opens the incident record: lines of JSON, as its file has them.
	Incidents() (io.ReadCloser, error)

	// Logs calls each with the lines that q asks for, and idle when there is nothing more for now, until ctx ends or one of them gives an
	// error, which Logs gives back.
	Logs(ctx context.Context, q LogQuery, each func(LogLine) error, idle func() error) error
}

// Verb is what a Command asks for.
type Verb string

// The verbs. Each works on one program or, with an empty Command.Program, on the whole service; Reload only on that.
const (
	VerbStart   Verb = "start"   // wanted from now on; answered when it runs (ready, where it has a readiness probe) or can't
	VerbStop    Verb = "stop"    // not wanted from now on; answered when nothing of its tree is left; the supervisor stays
	VerbRestart Verb = "restart" // stop and start as one; a program that was failed or stopped is started
	VerbPause   Verb = "pause"   // its processes are frozen where they are and not probed, until resume; only running ones can be
	VerbResume  Verb = "resume"  // thawed
	VerbControl Verb = "control" // run the onControl hooks of a code; answered when all are done
	VerbAwait   Verb = "await"   // nothing is asked of them; answered as a start is, for those that are wanted
	VerbUpgrade Verb = "upgrade" // the daruma on disk takes over, and the programs run on; answered when it begins to, or won't: see UpgradeResult
	VerbReload  Verb = "reload"  // read the definition again; restart only what changed; keep the old one when the new is wrong
)

// Command is one order to the supervisor: the body of POST /v1/command.
//
// With WholeService the service itself ends once its programs are down: after a stop as one that was stopped in order, after a restart so
// that the service manager starts it again. From when the supervisor has taken it, nobody else is needed for that.
type Command struct {
	Verb         Verb     `json:"verb"`
	Program      string   `json:"program,omitempty"`      // "": every program of the service
	GraceSeconds *float64 `json:"graceSeconds,omitempty"` // stop and restart: instead of terminationGracePeriodSeconds; 0 … 86,400
	Code         int      `json:"code,omitempty"`         // control alone: 128 … 255
	WholeService bool     `json:"wholeService,omitempty"` // stop and restart without a program, of what a service manager started: see below
	// MinReadySeconds is how long a program must have been up, and ready where that is probed, before start, restart, reload and await
	// call it so: 0 … 3,600. A reload with 0 doesn't wait for what it restarts.
	MinReadySeconds float64 `json:"minReadySeconds,omitempty"`
	Reason          string  `json:"reason,omitempty"` // who or why, for events and incidents; at most 1,024 bytes
}

// Answer is what a Command led to.
type Answer struct {
	Results []ProgramResult `json:"results"`           // in the order in which the programs were acted on
	Reload  *ReloadResult   `json:"reload,omitempty"`  // of a reload that was carried out
	Upgrade *UpgradeResult  `json:"upgrade,omitempty"` // of an upgrade
	Errors  []string        `json:"errors,omitempty"`  // why a reload was refused: every error of the definition, as "file:line:column: path: what"
}

// UpgradeResult is what an order to upgrade led to. Where it is neither UpToDate nor has an Error, this supervisor ends, and when its
// successor answers, [Status.Upgrade] has the outcome, under the same Attempt.
type UpgradeResult struct {
	Attempt  uint64 `json:"attempt,omitempty"`
	UpToDate bool   `json:"upToDate,omitempty"` // the daruma on disk is what runs
	Error    string `json:"error,omitempty"`    // why it isn't taken; all runs on as before
}

// UpgradeOutcome is what became of the last upgrade.
type UpgradeOutcome struct {
	Attempt uint64    `json:"attempt"` // counted from 1 since the keeper began
	At      time.Time `json:"at,omitzero"`
	From    string    `json:"from"`
	To      string    `json:"to,omitempty"`     // "": not known
	Keeper  bool      `json:"keeper,omitempty"` // the keeper was replaced, too; on Windows it is at the service's next start
	Error   string    `json:"error,omitempty"`  // why From runs on
}

// ProgramResult is what a command did to one program.
type ProgramResult struct {
	Program    string  `json:"program"`
	Done       bool    `json:"done"`  // what was asked for is so now
	State      State   `json:"state"` // afterwards
	Generation int     `json:"generation,omitempty"`
	PID        int     `json:"pid,omitempty"` // 0: no process
	EndedBy    EndedBy `json:"endedBy,omitempty"`
	ExitCode   *int    `json:"exitCode,omitempty"` // of the run that a stop or restart ended; nil: a signal ended it, or none ran
	Signal     string  `json:"signal,omitempty"`   // the last signal sent to end it: the stop signal or "SIGKILL"; "": none was sent
	TookMs     float64 `json:"tookMs"`
	Message    string  `json:"message,omitempty"` // why it isn't Done, or what else is worth knowing
}

// EndedBy is the step of a stop after which the program was gone.
type EndedBy string

// The steps that can end a stop.
const (
	EndedAlreadyStopped EndedBy = "alreadyStopped" // nothing ran
	EndedPreStop        EndedBy = "preStop"        // it ended during its preStop hook
	EndedSignal         EndedBy = "signal"         // it obeyed the stop signal
	EndedKill           EndedBy = "kill"           // the grace period ran out
	EndedUnasked        EndedBy = "unasked"        // Windows: without console and window it couldn't be asked to end, so it was killed at once
	EndedExited         EndedBy = "exited"         // it ended by itself before anything was asked of it
)

// ReloadResult says what a reload did to each program.
type ReloadResult struct {
	Added     []string `json:"added"`
	Removed   []string `json:"removed"`
	Restarted []string `json:"restarted"` // their definition changed
	Updated   []string `json:"updated"`   // what changed isn't what they were started with: they take it as they run
	Unchanged []string `json:"unchanged"` // run on untouched
}

// State is what a program is doing, as people see it.
type State string

// The states of a program.
const (
	StateStopped   State = "stopped"
	StateWaiting   State = "waiting"  // for a dependency
	StateStarting  State = "starting" // process created, startup probe or postStart not passed yet
	StateRunning   State = "running"
	StateStopping  State = "stopping"
	StateBackoff   State = "backoff" // waits before the next restart
	StatePaused    State = "paused"
	StateFailed    State = "failed"    // given up
	StateCompleted State = "completed" // ended as it should, isn't started again
)

// States gives all of them.
func States() []State {
	return []State{StateStopped, StateWaiting, StateStarting, StateRunning, StateStopping, StateBackoff, StatePaused, StateFailed, StateCompleted}
}

// Status is the service at one moment: the answer of GET /v1/status.
type Status struct {
	Service        string `json:"service"`
	DisplayName    string `json:"displayName,omitempty"`
	Version        string `json:"version"`                 // of the daruma that the supervisor is
	KeeperVersion  string `json:"keeperVersion,omitempty"` // of the one that the keeper is; none from keepers that don't say
	SupervisorPID  int    `json:"supervisorPid"`
	KeeperPID      int    `json:"keeperPid"`
	DefinitionFile string `json:"definitionFile"`

	// Definition is how that file stands to the definition in force; DefinitionErrors are those for which it is refused or can't be read.
	Definition       DefinitionState `json:"definition,omitempty"`
	DefinitionErrors []string        `json:"definitionErrors,omitempty"`

	StartedAt          time.Time `json:"startedAt,omitzero"`       // when the keeper, and so the service, began
	SupervisorSince    time.Time `json:"supervisorSince,omitzero"` // when this supervisor took charge
	SupervisorRestarts int       `json:"supervisorRestarts"`       // supervisors that the keeper had to replace; not for upgrades
	UptimeSeconds      float64   `json:"uptimeSeconds"`            // since StartedAt, by the monotonic clock

	Upgrade *UpgradeOutcome `json:"upgrade,omitempty"` // the last one since StartedAt

	// EventSeq is the number of the last event before this snapshot: following from it misses nothing. The server fills it in.
	EventSeq uint64 `json:"eventSeq"`

	Programs []ProgramStatus `json:"programs"`           // in file order
	Warnings []string        `json:"warnings,omitempty"` // what an operator should know: log loss, a refused reload, a limit that isn't enforced
}

// DefinitionState is how the file of the definition stands to the definition in force.
type DefinitionState string

// The states of the file.
const (
	DefinitionLoaded     DefinitionState = "loaded"     // it is what is in force
	DefinitionChanged    DefinitionState = "changed"    // a reload would take it
	DefinitionRefused    DefinitionState = "refused"    // it has errors
	DefinitionUnreadable DefinitionState = "unreadable" // it isn't there, for example
)

// ReplacedWarning begins the warning that what runs is another daruma than the one on disk.
const ReplacedWarning = "the daruma on disk"

// DefinitionWarning begins the warnings that repeat Status.Definition in words.
const DefinitionWarning = "the definition on disk"

// ProgramStatus is one program at one moment. Wanted, State, Ready and Healthy are four different facts.
type ProgramStatus struct {
	Name    string `json:"name"`
	Wanted  bool   `json:"wanted"` // it should run (or run to completion)
	State   State  `json:"state"`
	Ready   bool   `json:"ready"`   // running, and its readiness probe succeeds (without one: started)
	Healthy bool   `json:"healthy"` // its liveness probe doesn't fail (without one: true)
	Paused  bool   `json:"paused"`  // frozen by request; State may say running or paused

	Generation    int       `json:"generation"` // number of the current or last run; 0: never started
	PID           int       `json:"pid,omitempty"`
	StartedAt     time.Time `json:"startedAt,omitzero"`     // of the current run
	UptimeSeconds float64   `json:"uptimeSeconds"`          // of the current run, by the monotonic clock; 0: none
	Restarts      int       `json:"restarts"`               // since the service started
	Reason        string    `json:"reason,omitempty"`       // the last decision, in words
	StatusText    string    `json:"statusText,omitempty"`   // what the current run says of itself: STATUS= on its notify channel
	NextRestartAt time.Time `json:"nextRestartAt,omitzero"` // in state backoff
	LastExit      *Exit     `json:"lastExit,omitempty"`     // of the run before this one

	Probes []ProbeStatus `json:"probes,omitempty"` // those that are defined

	// RestartsBy counts the Restarts by the kind of the fall that led to each: the kinds of incidents, and postStart.
	RestartsBy map[string]int `json:"restartsBy,omitempty"`

	// What the processes of the whole tree use; 0: unknown, or no process.
	CPUSeconds  float64 `json:"cpuSeconds,omitempty"`  // so far; it may begin anew with a run
	MemoryBytes int64   `json:"memoryBytes,omitempty"` // in RAM, what processes share counted in each
	Processes   int     `json:"processes,omitempty"`
	OpenFiles   int     `json:"openFiles,omitempty"` // sockets and pipes too; Windows: handles

	LogBytes int64 `json:"logBytes"` // captured since the service started
	LogLost  int64 `json:"logLost"`  // bytes of output that couldn't be written
}

// Exit is how a run ended.
type Exit struct {
	Code   *int      `json:"code,omitempty"`   // nil: ended by a signal
	Signal string    `json:"signal,omitempty"` // "SIGKILL"
	At     time.Time `json:"at,omitzero"`
	Words  string    `json:"words"` // "exit code 1", "killed by SIGKILL"
}

// ProbeStatus is the last result of one probe of a program's current run.
type ProbeStatus struct {
	Kind     string    `json:"kind"`              // startup | liveness | readiness
	OK       bool      `json:"ok"`                // after the thresholds: what is believed
	At       time.Time `json:"at,omitzero"`       // of the last result; zero: none yet
	Failures int       `json:"failures"`          // in a row
	Message  string    `json:"message,omitempty"` // the last error

	Probes          uint64  `json:"probes,omitempty"`          // made since the run began, or since its supervisor did
	Failed          uint64  `json:"failed,omitempty"`          // of them
	DurationSeconds float64 `json:"durationSeconds,omitempty"` // of the last one
}

// EventKind is what kind of thing happened.
type EventKind string

// The kinds of events. More may follow: a client passes over those it doesn't know.
const (
	EventServiceStarted     EventKind = "serviceStarted"
	EventRecoveredAfterBoot EventKind = "recoveredAfterBoot" // instead of serviceStarted: the first start since the system's
	EventServiceStopped     EventKind = "serviceStopped"     // the last one; the reason says by whom
	EventServiceFailed      EventKind = "serviceFailed"      // instead of serviceStopped: it ended by itself, and not all programs have done their work
	EventStopOverdue        EventKind = "stopOverdue"        // the time to stop was over: what was left was ended by force
	EventKeeperFailed       EventKind = "keeperFailed"       // it fell, or (instead of serviceStarted) had fallen
	EventWaiting            EventKind = "waiting"            // for a dependency
	EventStarting           EventKind = "starting"
	EventStarted            EventKind = "started"
	EventReady              EventKind = "ready"
	EventNotReady           EventKind = "notReady"
	EventUnhealthy          EventKind = "unhealthy"
	EventExited             EventKind = "exited"
	EventBackoff            EventKind = "backoff"
	EventRestarting         EventKind = "restarting"
	EventStopping           EventKind = "stopping"
	EventStopped            EventKind = "stopped"
	EventCompleted          EventKind = "completed"
	EventFailed             EventKind = "failed"
	EventPaused             EventKind = "paused"
	EventResumed            EventKind = "resumed"
	EventReloaded           EventKind = "reloaded"
	EventReloadRefused      EventKind = "reloadRefused"
	EventDefinitionRefused  EventKind = "definitionRefused" // at the start: the last good definition runs instead
	EventSupervisorReplaced EventKind = "supervisorReplaced"
	EventUpgraded           EventKind = "upgraded"      // another daruma runs; the programs ran on
	EventUpgradeFailed      EventKind = "upgradeFailed" // the one that ran before runs on
	EventEscalated          EventKind = "escalated"     // daruma ends, so that the operating system restarts the service
	EventLogLoss            EventKind = "logLoss"
	EventLogLossEnded       EventKind = "logLossEnded"
	EventWarning            EventKind = "warning"

	EventSuspended       EventKind = "suspended"       // the machine is about to sleep (Windows)
	EventWokeUp          EventKind = "wokeUp"          // the machine slept
	EventSessionChanged  EventKind = "sessionChanged"  // somebody logged on, off … (Windows)
	EventControlReceived EventKind = "controlReceived" // a code of the service's own
	EventHookDone        EventKind = "hookDone"        // onControl, onResume
	EventHookFailed      EventKind = "hookFailed"

	// The server's own lines in a stream of events; they have no Seq.
	EventHeartbeat EventKind = "heartbeat" // nothing happened for 15 s
	EventLagged    EventKind = "lagged"    // the last line: the client read too slowly and missed events
)

// Event is something that happened: one line of GET /v1/events.
type Event struct {
	Seq        uint64    `json:"seq,omitempty"`     // counts up by one; set by [Hub.Publish]
	Time       time.Time `json:"time,omitzero"`     // set by [Hub.Publish] where it is zero
	Program    string    `json:"program,omitempty"` // "": the service as a whole
	Generation int       `json:"generation,omitempty"`
	Kind       EventKind `json:"kind"`
	Reason     string    `json:"reason,omitempty"` // in words
	PID        int       `json:"pid,omitempty"`

	// EventID is the number of the kind, the same as in the system's log, see docs/events.md; 0 for the server's own lines.
	EventID int `json:"eventId,omitempty"`
}

// UnknownProgramError says that the service has no program of this name.
type UnknownProgramError struct {
	Program string
	Known   []string // those it has
}

// ConflictError says that the service's state forbids a command, and why.
type ConflictError struct{ Reason string }

func (e *UnknownProgramError) Error() string {
	return fmt.Sprintf("no program %q; the service has %s", e.Program, plaintext.Line(strings.Join(e.Known, ", ")))
}

func (e *ConflictError) Error() string { return e.Reason }

// Validate says what is wrong with c by itself, as a sentence for whoever sent it; nil: it can be given to a Backend.
func (c Command) Validate() error {
	switch c.Verb {
	case VerbStart, VerbStop, VerbRestart, VerbPause, VerbResume, VerbAwait:
	case VerbControl:
		if c.Code < 128 || c.Code > 255 {
			return fmt.Errorf(`"code" must be from 128 to 255, is %d: Windows keeps the others to itself`, c.Code)
		}
	case VerbReload, VerbUpgrade:
		if c.Program != "" {
			return fmt.Errorf(`"program" doesn't go with %s: it is for the service as a whole`, c.Verb)
		}
	case "":
		return errors.New(`"verb" is missing: one of start, stop, restart, pause, resume, control, await, reload, upgrade`)
	default:
		return fmt.Errorf("there is no verb %.40q: one of start, stop, restart, pause, resume, control, await, reload, upgrade", string(c.Verb))
	}
	if c.Code != 0 && c.Verb != VerbControl {
		return fmt.Errorf(`"code" goes with control, not with %s`, c.Verb)
	}
	if m := c.MinReadySeconds; m != 0 {
		if c.Verb != VerbStart && c.Verb != VerbRestart && c.Verb != VerbAwait && c.Verb != VerbReload {
			return fmt.Errorf(`"minReadySeconds" goes with start, restart, reload and await, not with %s`, c.Verb)
		}
		if !(m > 0 && m <= 3600) {
			return fmt.Errorf(`"minReadySeconds" must be from 0 to 3600, is %v`, m)
		}
	}
	if c.WholeService && (c.Program != "" || c.Verb != VerbStop && c.Verb != VerbRestart) {
		return errors.New(`"wholeService" goes with stop and restart of every program`)
	}
	if g := c.GraceSeconds; g != nil {
		if c.Verb != VerbStop && c.Verb != VerbRestart {
			return fmt.Errorf(`"graceSeconds" goes with stop and restart, not with %s`, c.Verb)
		}
		if !(*g >= 0 && *g <= 86400) {
			return fmt.Errorf(`"graceSeconds" must be from 0 to 86400, is %v`, *g)
		}
	}
	if len(c.Reason) > 1024 {
		return fmt.Errorf(`"reason" has %d bytes; 1024 are allowed`, len(c.Reason))
	}
	return nil
}
