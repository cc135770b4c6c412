// Package probe checks whether programs are well: by httpGet, tcpSocket, grpc and exec, with the kubelet's meaning and
// defaults. A fifth kind, notify, asks nothing: a [NotifyProbe] decides from the messages that the program sends.
//
// [Run] asks once, under the deadline of its context; lifecycle hooks use it too. A [Scheduler] asks again and again:
//
//	scheduler := probe.NewScheduler()                 // one for the whole supervisor
//	w := scheduler.Start(ctx, probe.Config{
//		Probe: *program.LivenessProbe, Kind: probe.Liveness, Generation: 7,
//		Runner: runInProgramsEnvironment,             // for exec only
//		Report: func(o probe.Outcome) { … },          // changes of outcome only; must not block
//	})
//	w.Pause(); w.Resume()                             // the program is frozen
//	w.Woke()                                          // the machine slept, or is about to
//	w.Last()                                          // cheap: for status
//	w.Stop()                                          // waits for the probe in flight; nothing is reported afterwards
//
// # Outcomes
//
// Readiness and startup begin as failed, liveness as healthy; a supervisor that takes over sets [Config.Initial]. The outcome
// changes after successThreshold successes or failureThreshold failures in a row, and only changes are reported. After a failed
// liveness or startup probe, and after a successful startup probe, the worker rests: it probes that run no more.
// The supervisor starts the liveness and readiness workers when the startup probe has succeeded.
//
// A probe that daruma could not carry out (no file descriptor, no memory, the keeper gone, the supervisor itself stalled) is neither
// success nor failure: it is repeated, and [Last] says so.
//
// # Timing
//
// Every worker keeps a fixed phase within its period, so that the probes of 1,000 programs started at once are spread evenly
// over the period. The phases follow the golden ratio: any 1 % of the period gets very nearly 1 % of the probes.
// A fresh program shouldn't have to wait up to a period until it counts as ready: startup and readiness probes with a period
// over one second make one early probe within the first second after initialDelay. Its success counts. Its failure doesn't,
// so that failureThreshold × period stays exact.
//
// A worker has no goroutine between its probes: a timer of the runtime starts one for each probe.
package probe

import (
	"context"
	"errors"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Kind says what a probe decides; its text is the field's name in the definition.
type Kind string

// The kinds of probes.
const (
	Startup   Kind = "startupProbe"
	Liveness  Kind = "livenessProbe"
	Readiness Kind = "readinessProbe"
)

// Result is the answer to one probe or hook.
type Result struct {
	OK       bool
	Unknown  bool          // daruma could not carry it out; then OK is false, and nothing is known
	Message  string        // why it failed, in words, one line; with OK: "" or a warning
	Duration time.Duration // monotonic
}

// Runner runs the command of an exec probe or hook in the program's environment, folder and user.
//
// When ctx is done it ends the whole process tree that it started and then returns soon, with any error.
// An error is for a command that could not be run or waited for; one that wraps [ErrUnknown] says
// that the reason lies with daruma and not with the program. output is stdout and stderr together, at most some KiB.
type Runner func(ctx context.Context, command []string) (exitCode int, output []byte, err error)

// ErrUnknown marks an error of a [Runner] that says nothing about the program: the keeper is gone, fork was refused.
var ErrUnknown = errors.New("the probe could not be carried out")

// Outcome is a change from healthy to not, or back.
type Outcome struct {
	Kind                Kind
	Generation          int
	Healthy             bool
	Reason              string // "livenessProbe failed 3 times in a row: GET http://127.0.0.1:8080/health: connection refused"
	LastError           string // the last failure's message; "" when Healthy
	ConsecutiveFailures int    // 0 when Healthy
	At                  time.Time
}

// Config says what a worker checks, how often, and where it reports.
type Config struct {
	Probe      definition.Probe
	Kind       Kind
	Generation int
	Initial    *bool         // the first outcome; nil: true for liveness, false for the others
	Running    time.Duration // how long the program has run already (after a takeover): counts towards initialDelay
	Runner     Runner        // needed for exec
	// Slept gives how long the machine has slept since it was started; nil: [Slept].
	Slept func() time.Duration
	// Report is called for each change of outcome, never twice at once for one worker, and not after Stop has returned.
	// It must not wait for the goroutine that calls Stop: put the outcome into a queue.
	Report func(Outcome)
}

// Last is what a worker knows at the moment.
type Last struct {
	Healthy   bool
	Result    Result    // of the last probe that was finished; zero before the first
	At        time.Time // when it was finished; zero before the first
	Successes int       // in a row
	Failures  int       // in a row
	Probes    uint64    // finished in total, unknown ones included
	Failed    uint64    // failed in total
	Paused    bool
	Resting   bool // it has nothing left to check, or was stopped
}
