package engine

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// State is what a program is actually doing.
type State uint8

// The states of a program. Spawning and Starting are both shown as "starting".
const (
	Stopped   State = iota // not running and not asked to
	Waiting                // wanted, but a dependency hasn't got there yet
	Spawning               // the keeper was told to start it and hasn't answered
	Starting               // its process runs; postStart or the startup probe hasn't finished
	Running                // up
	Stopping               // on its way down, see StopStep
	Backoff                // it failed; the next start waits for a timer
	Failed                 // given up
	Completed              // ended as it should and isn't started again
)

var stateNames = [...]string{"stopped", "waiting", "starting", "starting", "running", "stopping", "backoff", "failed", "completed"}

// String gives the word that status shows.
func (s State) String() string { return stateNames[s] }

// Alive says whether a process of the program exists, or may.
func (s State) Alive() bool {
	return s == Spawning || s == Starting || s == Running || s == Stopping
}

// StopStep is how far a stop has got.
type StopStep uint8

// The steps of a stop, in order.
const (
	NoStop     StopStep = iota
	StopWaits           // dependents are stopping first
	StopHook            // preStop runs
	StopSignal          // the stop signal was sent, the grace period runs
	StopKill            // the tree was killed
)

// Next is what follows once a program is down.
type Next uint8

// What can follow a stop.
const (
	StayDown     Next = iota // stopped by request
	StartAgain               // restart by request: at once
	StartAfter               // it was unhealthy: restart by policy, backoff included
	StartChanged             // its definition changed: at once, with the new one
	Remove                   // it left the definition
)

// Program is the state of one program. The exported fields are for status and the snapshot; only Step writes them.
type Program struct {
	Def  *definition.Program `json:"-"` // what the current run was started from, or the next will be
	next *definition.Program // a changed definition, taken at the next start

	spawnEmitted uint64 // newest generation that this engine, not a predecessor, emitted a Spawn for
	restored     bool   // it comes from a snapshot and wasn't adopted yet

	Name       string
	State      State
	Wanted     bool
	Ready      bool
	Healthy    bool // liveness: true until the probe says otherwise
	Paused     bool
	ReadyProbe bool // last outcome of the readiness probe

	Generation uint64 // of the current run, or of the last
	PID        int
	StartedAt  time.Duration // monotonic, of the current run

	Reason string // the last decision, in words

	Stop       StopStep
	AfterStop  Next
	StopReason string
	StopGrace  time.Duration // total, where the request gave one of its own; else 0
	EndedBy    StopStep      // the step that ended the last stop; NoStop: it exited by itself
	StopStart  time.Duration
	SignalAt   time.Duration // when the stop signal was ordered
	KillAt     time.Duration // when the kill was
	PreStopRan bool          // a preStop hook ran before the signal
	Unasked    bool          // nobody of the run could be asked to end, so it was killed at once: see CannotAsk

	Failures  int             // consecutive, since the last healthy period
	Restarts  int             // since daruma started
	FallKind  string          // of the last fall, an incident's kind
	History   []time.Duration // times of automatic restarts, for maxRestarts
	NextStart time.Duration   // in Backoff: when

	Incident  bool // an incident is open
	PostStart bool // the postStart hook is still running
	Startup   bool // the startup probe hasn't succeeded yet

	LastExit *Exit

	RestartsBy map[string]int `json:",omitempty"` // Restarts by FallKind

	Serial   uint64 // of the armed timer; a timer with another one is stale
	ResetSer uint64 // the same for the reset timer, which runs beside the others
}

// Exit is how a run ended.
type Exit struct {
	Generation uint64
	Code       int           // exit code; -1 when ended by a signal
	Signal     int           // 0: none
	CoreDump   bool          // with Signal
	NoMemory   bool          // with Signal: the kernel ended it because memory ran out
	Orphans    bool          // processes that it had started went on, and were ended
	Left       []string      `json:",omitempty"` // what they were called, some of them; with exit code 0 alone
	LeftAll    int           `json:",omitempty"` // how many they were; 0: unknown
	Error      string        // it could not even be started: why
	At         time.Duration // monotonic
}

// Service is the state of all programs of a service.
type Service struct {
	programs   []*Program
	byName     map[string]*Program
	dependents map[string][]string
	retired    map[string]retired
	unadopted  int // programs that are restored and not adopted

	table *table
	phase Phase
	rng   uint64
	out   []Effect
	now   time.Duration
}

// retired holds the counters of a program that left the definition. If it comes back, its numbers go on from there, so that late
// events of the old runs never fit the new ones.
type retired struct{ generation, serial, resetSerial uint64 }

// Phase is what the service as a whole is doing.
type Phase uint8

// The phases of a service.
const (
	Supervising   Phase = iota
	RestartingAll       // all programs stop, then start again
	Ending              // all programs stop, then daruma ends
	Ended
)
